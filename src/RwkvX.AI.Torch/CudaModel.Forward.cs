using System.Numerics;
using RwkvX.AI.Generation;
using RwkvX.AI.Models;
using RwkvX.AI.Torch.Passes;
using RwkvX.AI.Torch.States;

namespace RwkvX.AI.Torch;

// How items become passes: one step for a few sequences of one token, rows for all else.
public sealed partial class CudaModel
{
    /// <summary>A pass; for items with a sampler, also the token that comes next.</summary>
    private int[] Forward(ForwardItem[] items, Sampler?[]? samplers, CancellationToken cancellationToken) => _store.Exclusive(() =>
    {
        ForwardItems.Check(items, _shape.Config, state => Own(state).ThrowIfUnusable());
        Pass[] passes = IsStep(items) ? [] : [.. Passes(items)];
        Prepare(items, passes, samplers);
        int[] chosen = new int[items.Length];
        try
        {
            Run(items, passes, samplers, chosen, cancellationToken);
        }
        catch
        {
            foreach (ForwardItem item in items)
                ((CudaState)item.State).Invalidate();
            throw;
        }
        return chosen;
    });

    private static bool IsStep(ForwardItem[] items) => items.Length <= KernelSet.MaxStepBatch && items.All(i => i.Tokens.Length == 1);

    private void Run(ForwardItem[] items, Pass[] passes, Sampler?[]? samplers, int[] chosen, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (passes.Length == 0)
            Step(items, samplers, chosen);
        foreach (Pass pass in passes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            RunRows(items, pass, samplers, chosen);
        }
    }

    private void Step(ForwardItem[] items, Sampler?[]? samplers, int[] chosen)
    {
        int lanes = Lanes(items.Length);
        StepPass step = StepFor(lanes);
        Span<StepLane> filled = stackalloc StepLane[KernelSet.MaxStepBatch];
        bool logits = false;
        for (int i = 0; i < lanes; i++)
        {
            CudaState state = i < items.Length ? (CudaState)items[i].State : _padding;
            filled[i] = new StepLane(i < items.Length ? items[i].Tokens.Span[0] : 0, (int)state.TokenCount, state.Recurrent, state.Table);
            logits |= i < items.Length && !items[i].Logits.IsEmpty;
        }
        step.Run(filled[..lanes], logits);
        Choose(step.LogitsAddress, [.. Enumerable.Range(0, items.Length).Where(i => samplers?[i] is not null).Select(i => (i, i))], samplers, chosen);
        _stream.Synchronize();
        for (int i = 0; i < items.Length; i++)
        {
            ((CudaState)items[i].State).Advance(1);
            if (!items[i].Logits.IsEmpty)
                step.Logits.Slice(i * _shape.V, _shape.V).CopyTo(items[i].Logits.Span);
        }
    }

    /// <summary>Fills passes with the items' tokens, in order: at most <see cref="MaxRows"/> rows of <see cref="MaxSequences"/> sequences each, one span an item and pass.</summary>
    private static IEnumerable<Pass> Passes(ForwardItem[] items)
    {
        List<Span> pass = [];
        int rows = 0;
        for (int item = 0; item < items.Length; item++)
        {
            int length = items[item].Tokens.Length;
            for (int first = 0; first < length;)
            {
                int count = Math.Min(length - first, MaxRows - rows);
                pass.Add(new Span(item, first, count));
                rows += count;
                first += count;
                if (rows < MaxRows && pass.Count < MaxSequences)
                    continue;
                yield return new Pass([.. pass]);
                pass.Clear();
                rows = 0;
            }
        }
        if (pass.Count > 0)
            yield return new Pass([.. pass]);
    }

    private void RunRows(ForwardItem[] items, Pass what, Sampler?[]? samplers, int[] chosen)
    {
        Span[] spans = what.Spans;
        RowsPass pass = _rows!;
        List<(int Item, int Token)> wanted = []; // rows whose logits go to the host
        List<(int Item, int Row)> sampled = [];
        int row = 0;
        for (int s = 0; s < spans.Length; s++)
        {
            (int index, int first, int count) = spans[s];
            ForwardItem item = items[index];
            Place(pass, s, row, item.Tokens.Span.Slice(first, count), (CudaState)item.State);
            bool isLast = first + count == item.Tokens.Length;
            if (samplers?[index] is not null)
            {
                if (isLast)
                    sampled.Add((index, row + count - 1));
            }
            else if (item.Logits.Length == _shape.V && isLast)
            {
                pass.Wanted[wanted.Count] = row + count - 1;
                wanted.Add((index, 0));
            }
            else if (item.Logits.Length > _shape.V)
            {
                for (int i = 0; i < count; i++)
                {
                    pass.Wanted[wanted.Count] = row + i;
                    wanted.Add((index, first + i));
                }
            }
            row += count;
        }
        Pad(pass, row, what);
        for (int i = 0; i < sampled.Count; i++)
            pass.Wanted[wanted.Count + i] = sampled[i].Row;
        pass.Run(what.Rows, what.Sequences);
        for (int first = 0; first < wanted.Count; first += pass.MaxLogitRows)
        {
            int count = Math.Min(pass.MaxLogitRows, wanted.Count - first);
            ReadOnlySpan<float> logits = pass.ReadLogits(first, count);
            for (int i = 0; i < count; i++)
            {
                (int index, int token) = wanted[first + i];
                logits.Slice(i * _shape.V, _shape.V).CopyTo(items[index].Logits.Span[(token * _shape.V)..]);
            }
        }
        for (int first = 0; first < sampled.Count; first += pass.MaxLogitRows)
        {
            int count = Math.Min(pass.MaxLogitRows, sampled.Count - first);
            Choose(pass.ComputeLogits(wanted.Count + first, count), [.. sampled.Slice(first, count).Select((r, i) => (r.Item, i))], samplers!, chosen);
        }
        _stream.Synchronize();
        foreach (Span span in spans)
            ((CudaState)items[span.Item].State).Advance(span.Count);
    }

    /// <summary>Tokens from logits on the device, of items and the rows of logits that are theirs.</summary>
    private void Choose(ulong logits, (int Item, int Row)[] which, Sampler?[]? samplers, int[] chosen)
    {
        if (which.Length == 0)
            return;
        int[] tokens = new int[which.Length];
        _sampling.Run(logits, [.. which.Select(w => samplers![w.Item]!)], [.. which.Select(w => w.Row)], tokens);
        for (int i = 0; i < tokens.Length; i++)
            chosen[which[i].Item] = tokens[i];
    }

    private static void Place(RowsPass pass, int sequence, int row, ReadOnlySpan<int> tokens, CudaState state)
    {
        pass.Starts[sequence] = row;
        pass.Positions[sequence] = (int)state.TokenCount;
        pass.States[sequence] = state.Recurrent;
        pass.Tables[sequence] = state.Table;
        tokens.CopyTo(pass.Tokens[row..]);
        pass.Segments.Slice(row, tokens.Length).Fill(sequence);
    }

    /// <summary>Rows from one on that belong to nobody, and the end of all.</summary>
    private void Pad(RowsPass pass, int row, Pass what)
    {
        for (; row < what.Rows; row++)
            Place(pass, row, row, [0], _padding);
        pass.Starts[what.Sequences] = what.Rows;
    }

    /// <summary>Some of an item's tokens.</summary>
    private readonly record struct Span(int Item, int First, int Count);

    /// <summary>What goes through the layers together. A batch of single tokens is padded to a power of two, so that few graphs serve all sizes.</summary>
    private readonly struct Pass
    {
        public Pass(Span[] spans)
        {
            Spans = spans;
            int rows = spans.Sum(s => s.Count);
            IsSingle = rows == spans.Length;
            Rows = IsSingle ? (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(rows, 8)) : rows;
            Sequences = IsSingle ? Rows : spans.Length;
        }

        public Span[] Spans { get; }

        public bool IsSingle { get; }

        public int Rows { get; }

        public int Sequences { get; }
    }
}
