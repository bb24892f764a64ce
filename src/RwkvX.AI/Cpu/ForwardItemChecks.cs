using System.Diagnostics.CodeAnalysis;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>What a caller may ask for; checked before anything runs, so that a wrong call leaves the states as they were.</summary>
internal static class ForwardItemChecks
{
    /// <summary>Checks a batch for a model.</summary>
    public static void Check(ReadOnlySpan<ForwardItem> batch, RwkvXConfig config, object model)
    {
        if (batch.IsEmpty)
        {
            Throw(nameof(batch), "expected at least one item, found none");
        }

        for (int i = 0; i < batch.Length; i++)
        {
            CheckItem(batch[i], i, config, model);
        }

        if (batch.Length > 1)
        {
            CheckStatesDiffer(batch);
        }
    }

    /// <summary>A state that this model made and that can be used.</summary>
    public static CpuState OwnState(RwkvXState state, object model)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state is not CpuState own || !ReferenceEquals(own.Owner, model))
        {
            throw new ArgumentException("expected a state of this model, found one of another; Export and Import move a state between engines", nameof(state));
        }

        own.ThrowIfUnusable();
        return own;
    }

    private static void CheckItem(in ForwardItem item, int index, RwkvXConfig config, object model)
    {
        OwnState(item.State, model);
        int T = item.Tokens.Length, V = config.VocabSize;
        if (T == 0)
        {
            Throw("batch", $"item {index}: expected at least one token, found none");
        }

        int outside = item.Tokens.Span.IndexOfAnyExceptInRange(0, V - 1);
        if (outside >= 0)
        {
            Throw("batch", $"item {index}: token {outside}: expected 0 to {V - 1}, found {item.Tokens.Span[outside]}");
        }

        if (item.Logits.Length != 0 && item.Logits.Length != V && item.Logits.Length != (long)T * V)
        {
            Throw("batch", $"item {index}: logits: expected room for 0, {V} or {(long)T * V} floats, found {item.Logits.Length}");
        }
    }

    private static void CheckStatesDiffer(ReadOnlySpan<ForwardItem> batch)
    {
        HashSet<RwkvXState> seen = [];
        for (int i = 0; i < batch.Length; i++)
        {
            if (!seen.Add(batch[i].State))
            {
                Throw(nameof(batch), $"item {i}: its state is also that of an earlier item");
            }
        }
    }

    [DoesNotReturn]
    private static void Throw(string parameter, string problem) => throw new ArgumentException(problem, parameter);
}
