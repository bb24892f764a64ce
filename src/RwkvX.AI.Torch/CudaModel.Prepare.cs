using System.Numerics;
using RwkvX.AI.Generation;
using RwkvX.AI.Models;
using RwkvX.AI.Torch.Passes;
using RwkvX.AI.Torch.States;

namespace RwkvX.AI.Torch;

// What passes take from the device, all of it before the first of them touches a state.
public sealed partial class CudaModel
{
    /// <summary>Buffers, graphs, room for sampling; then the pages of all states.</summary>
    /// <exception cref="Cuda.DeviceMemoryException">Something does not fit; all states are as before.</exception>
    private void Prepare(ForwardItem[] items, Pass[] passes, Sampler?[]? samplers)
    {
        if (passes.Length == 0)
            StepFor(Lanes(items.Length));
        else
            PrepareRows(passes, items.Any(i => !i.Logits.IsEmpty));
        if (samplers is not null)
            _sampling.Prepare([.. samplers.OfType<Sampler>()], MaxSequences);
        _store.Reserve([.. items.Select(i => ((CudaState)i.State, (long)i.Tokens.Length))]);
    }

    private void PrepareRows(Pass[] passes, bool logits)
    {
        RowsPass rows = Rows(passes.Max(p => p.Rows), passes.Max(p => p.Sequences));
        _blas.Prepare();
        if (logits)
            rows.PrepareLogits();
        foreach (Pass pass in passes)
        {
            if (!_capture || !pass.IsSingle || rows.IsCaptured(pass.Sequences))
                continue;
            Pad(rows, 0, pass);
            rows.Capture(pass.Sequences);
        }
    }

    /// <summary>The decoding pass of 1, 2 or 4 lanes.</summary>
    internal StepPass StepFor(int lanes)
    {
        if (!_steps.TryGetValue(lanes, out StepPass? step))
            _steps[lanes] = step = new StepPass(_device, _stream, _shape, _weights, _kernels, lanes, _capture);
        return step;
    }

    private static int Lanes(int sequences) => sequences == 3 ? 4 : sequences;

    /// <summary>The pass with room for so many rows; grown by powers of two.</summary>
    private RowsPass Rows(int rows, int sequences)
    {
        if (_rows is not null && _rows.MaxRows >= rows && _rows.MaxSequences >= sequences)
            return _rows;
        int maxRows = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(rows, Math.Max(64, _rows?.MaxRows ?? 0)));
        int maxSequences = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(sequences, Math.Max(8, _rows?.MaxSequences ?? 0)));
        _rows?.Dispose();
        _rows = null;
        return _rows = new RowsPass(_device, _stream, _shape, _weights, _kernels, _blas, maxRows, maxSequences, _gather, _divideAlways);
    }
}
