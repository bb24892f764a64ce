using RwkvX.AI.Models;
using RwkvX.AI.Testing;

namespace RwkvX.AI.Tests.Generation.Scheduling;

/// <summary>A scripted model that notes what each pass was made of, and can hold one up.</summary>
internal sealed class RecordingModel(ScriptedModel inner) : IRwkvXModel
{
    private readonly ManualResetEventSlim _isFree = new(true);
    private readonly ManualResetEventSlim _isHeld = new(false);

    public ScriptedModel Inner => inner;

    /// <summary>Of each pass, how many tokens each of its items had.</summary>
    public List<int[]> Batches { get; } = [];

    /// <summary>Runs inside a pass, before its tokens do.</summary>
    public Action<int[]>? BeforePass { get; set; }

    public RwkvXConfig Config => inner.Config;

    public EngineInfo Engine => inner.Engine;

    public string ModelHash => inner.ModelHash;

    /// <summary>The next pass waits.</summary>
    public void Hold()
    {
        _isHeld.Reset();
        _isFree.Reset();
    }

    public void WaitUntilHeld() => _isHeld.Wait();

    public void Release() => _isFree.Set();

    public RwkvXState CreateState() => inner.CreateState();

    public void Forward(ReadOnlySpan<ForwardItem> batch, CancellationToken cancellationToken = default)
    {
        int[] counts = new int[batch.Length];
        for (int i = 0; i < counts.Length; i++)
        {
            counts[i] = batch[i].Tokens.Length;
        }

        lock (Batches)
        {
            Batches.Add(counts);
        }

        _isHeld.Set();
        _isFree.Wait(CancellationToken.None);
        BeforePass?.Invoke(counts);
        inner.Forward(batch, cancellationToken);
    }

    public StateSnapshot Export(RwkvXState state) => inner.Export(state);

    public RwkvXState Import(StateSnapshot snapshot) => inner.Import(snapshot);

    public void Dispose() => inner.Dispose();
}
