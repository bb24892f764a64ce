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
        foreach (ForwardItem item in items)
            ((CudaState)item.State).Reserve(item.Tokens.Length);
        int[] chosen = new int[items.Length];
        try
        {
            Run(items, samplers, chosen, cancellationToken);
        }
        catch
        {
            foreach (ForwardItem item in items)
                ((CudaState)item.State).Invalidate();
            throw;
        }
        return chosen;
    });

    private void Run(ForwardItem[] items, Sampler?[]? samplers, int[] chosen, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (items.Length <= KernelSet.MaxStepBatch && items.All(i => i.Tokens.Length == 1))
        {
            Step(items, samplers, chosen);
            return;
        }
        foreach (Span[] pass in Passes(items))
        {
            cancellationToken.ThrowIfCancellationRequested();
            RunRows(items, pass, samplers, chosen);
        }
    }

    private void Step(ForwardItem[] items, Sampler?[]? samplers, int[] chosen)
    {
        int lanes = items.Length == 3 ? 4 : items.Length;
        StepPass step = StepFor(lanes);
        Span<StepLane> filled = stackalloc StepLane[KernelSet.MaxStepBatch];
        bool logits = false;
        for (int i = 0; i < lanes; i++)
        {
            CudaState state = i < items.Length ? (CudaState)items[i].State : _padding;
            filled[i] = new StepLane(i < items.Length ? items[i].Tokens.Span[0] : 0, (int)state.TokenCount, state.Recurrent, state.Table);
            logits |= i < items.Length && !items[i].Logits.IsEmpty;
        }
        step.Run(filled[..lanes], _capture, logits);
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
    private static IEnumerable<Span[]> Passes(ForwardItem[] items)
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
                yield return [.. pass];
                pass.Clear();
                rows = 0;
            }
        }
        if (pass.Count > 0)
            yield return [.. pass];
    }

    private void RunRows(ForwardItem[] items, Span[] spans, Sampler?[]? samplers, int[] chosen)
    {
        int rows = spans.Sum(s => s.Count), sequences = spans.Length;
        bool single = rows == sequences;
        // A batch of single tokens is padded to a power of two, so that few graphs serve all sizes.
        int padded = single ? (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(rows, 8)) : rows;
        RowsPass pass = Rows(padded, single ? padded : sequences);
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
        for (; row < padded; row++)
            Place(pass, row, row, [0], _padding);
        for (int i = 0; i < sampled.Count; i++)
            pass.Wanted[wanted.Count + i] = sampled[i].Row;
        pass.Starts[single ? padded : sequences] = padded;
        pass.Run(padded, single ? padded : sequences, _capture && single);
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

    /// <summary>The pass with room for so many rows; grown by powers of two.</summary>
    private RowsPass Rows(int rows, int sequences)
    {
        if (_rows is not null && _rows.MaxRows >= rows && _rows.MaxSequences >= sequences)
            return _rows;
        int maxRows = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(rows, Math.Max(64, _rows?.MaxRows ?? 0)));
        int maxSequences = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(sequences, Math.Max(8, _rows?.MaxSequences ?? 0)));
        _rows?.Dispose();
        _rows = null;
        return _rows = new RowsPass(_device, _stream, _shape, _weights, _kernels, _blas, maxRows, maxSequences, _gather);
    }

    /// <summary>Some of an item's tokens.</summary>
    private readonly record struct Span(int Item, int First, int Count);
}
