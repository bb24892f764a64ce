using RwkvX.AI.Models;

namespace RwkvX.AI.Torch;

/// <summary>What a caller may ask for; checked before anything runs, so that a wrong call leaves the states as they were.</summary>
internal static class ForwardItems
{
    /// <param name="items">The batch.</param>
    /// <param name="config">The model's sizes.</param>
    /// <param name="checkState">Throws where a state is another model's or not valid.</param>
    /// <exception cref="ArgumentException">As <see cref="IRwkvXModel.Forward"/> says.</exception>
    public static void Check(ForwardItem[] items, RwkvXConfig config, Action<RwkvXState> checkState)
    {
        if (items.Length == 0)
            throw new ArgumentException("expected at least one item, got none");
        HashSet<RwkvXState> states = [];
        int v = config.VocabSize;
        foreach (ForwardItem item in items)
        {
            checkState(item.State);
            if (!states.Add(item.State))
                throw new ArgumentException("expected a state of its own for every item, got one twice");
            int tokens = item.Tokens.Length, logits = item.Logits.Length;
            if (tokens == 0)
                throw new ArgumentException("expected at least one token, got none");
            if (logits != 0 && logits != v && logits != (long)tokens * v)
                throw new ArgumentException($"expected room for 0, {v} or {(long)tokens * v} logits, got {logits}");
            int outside = item.Tokens.Span.IndexOfAnyExceptInRange(0, v - 1);
            if (outside >= 0)
                throw new ArgumentException($"expected tokens below {v}, got {item.Tokens.Span[outside]}");
            if (item.State.TokenCount + tokens > int.MaxValue)
                throw new ArgumentException($"expected at most {int.MaxValue} tokens in a state, got {item.State.TokenCount} and {tokens} more");
        }
    }
}
