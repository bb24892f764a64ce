using System.Text;
using RwkvX.AI.Grammars;

namespace RwkvX.AI.Tests.Grammars;

/// <summary>Generates texts under a constraint from logits that know nothing, or mean harm.</summary>
internal static class Sampling
{
    /// <summary>Chooses among the allowed ids; what a model's logits would do.</summary>
    public delegate int Choice(IReadOnlyList<int> allowed, int step);

    /// <summary>The text, and whether it ended before the limit (or exactly at it, complete).</summary>
    public readonly record struct Result(string Text, bool IsComplete, int Tokens);

    public static Choice Uniform(Random random) => (allowed, _) => allowed[random.Next(allowed.Count)];

    /// <summary>Random logits over bytes rather than tokens: ends come about as often as in text.</summary>
    public static Choice Lengthwise(TokenVocabulary vocabulary, Random random) => (allowed, _) =>
    {
        int tries = random.Next(1, 6);
        int best = allowed[random.Next(allowed.Count)];
        for (int i = 0; i < tries; i++)
        {
            int other = allowed[random.Next(allowed.Count)];
            if (vocabulary.Bytes(other).Length < vocabulary.Bytes(best).Length) best = other;
        }

        return best;
    };

    public static Choice Longest(TokenVocabulary vocabulary) => (allowed, _) => allowed.MaxBy(id => vocabulary.Bytes(id).Length);

    public static Choice Lowest => (allowed, _) => allowed[0];

    public static Choice Highest => (allowed, _) => allowed[^1];

    /// <summary>Never ends of its own will: quotes, brackets and end of text only where nothing else is allowed.</summary>
    public static Choice Endless(TokenVocabulary vocabulary, Random random) => (allowed, _) =>
    {
        int[] open = [.. allowed.Where(id => vocabulary.Bytes(id).Length > 0 && vocabulary.Bytes(id).IndexOfAny("\"}]"u8) < 0)];
        return open.Length > 0 ? open[random.Next(open.Length)] : allowed[random.Next(allowed.Count)];
    };

    public static Result Generate(TokenGrammar grammar, Choice choice, int limit)
    {
        GrammarConstraint constraint = grammar.CreateConstraint(limit);
        TokenVocabulary vocabulary = grammar.Vocabulary;
        var mask = new ulong[vocabulary.MaskWords];
        List<byte> bytes = [];
        int step = 0;
        for (; step < limit && constraint.CanContinue; step++)
        {
            constraint.FillMask(mask, limit - step);
            List<int> allowed = Allowed(mask);
            if (allowed.Count == 0) throw new InvalidOperationException($"nothing is allowed after {Encoding.UTF8.GetString([.. bytes])}");
            int token = choice(allowed, step);
            constraint.Accept(token);
            bytes.AddRange(vocabulary.Bytes(token));
        }

        return new Result(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. bytes]), constraint.IsComplete, step);
    }

    public static List<int> Allowed(ReadOnlySpan<ulong> mask)
    {
        List<int> allowed = [];
        for (int word = 0; word < mask.Length; word++)
        {
            for (ulong bits = mask[word]; bits != 0; bits &= bits - 1) allowed.Add((word * 64) + System.Numerics.BitOperations.TrailingZeroCount(bits));
        }

        return allowed;
    }
}
