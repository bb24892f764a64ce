using RwkvX.AI.Generation;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;

namespace RwkvX.AI.Tests.Generation.Scheduling;

/// <summary>A scripted model that chooses tokens itself, as an engine on a device does.</summary>
internal sealed class ChoosingModel(ScriptedModel inner) : IRwkvXModel, ISamplingEngine
{
    /// <summary>How many tokens it chose.</summary>
    public int ChosenCount { get; private set; }

    /// <summary>How many rows of logits it gave away.</summary>
    public int LogitsCount { get; private set; }

    public RwkvXConfig Config => inner.Config;

    public EngineInfo Engine => inner.Engine;

    public string ModelHash => inner.ModelHash;

    public RwkvXState CreateState() => inner.CreateState();

    public void Forward(ReadOnlySpan<ForwardItem> batch, CancellationToken cancellationToken = default)
    {
        foreach (ForwardItem item in batch)
        {
            LogitsCount += item.Logits.IsEmpty ? 0 : 1;
        }

        inner.Forward(batch, cancellationToken);
    }

    public void ForwardAndSample(ReadOnlySpan<ForwardItem> batch, ReadOnlySpan<Sampler?> samplers, Span<int> tokens, CancellationToken cancellationToken = default)
    {
        ForwardItem[] items = batch.ToArray();
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = samplers[i] is null ? items[i] : new ForwardItem(items[i].State, items[i].Tokens, new float[Config.VocabSize]);
        }

        inner.Forward(items, cancellationToken);
        for (int i = 0; i < items.Length; i++)
        {
            if (samplers[i] is { } sampler)
            {
                ReadOnlySpan<float> logits = items[i].Logits.Span;
                bool isBroken = logits.ContainsAny(float.NaN, float.PositiveInfinity);
                tokens[i] = isBroken ? ISamplingEngine.Broken : sampler.Sample(logits);
                ChosenCount++;
            }
        }
    }

    public StateSnapshot Export(RwkvXState state) => inner.Export(state);

    public RwkvXState Import(StateSnapshot snapshot) => inner.Import(snapshot);

    public void Dispose() => inner.Dispose();
}
