using System.Diagnostics;
using RwkvX.AI.Tokenization;
using RwkvX.AI.Training.Plans;

namespace RwkvX.AI.Training.Data;

/// <summary>What a stage of a plan trains on: shares of each kind of token, what each source brings and counts, how fast one thread makes them, and the text itself.</summary>
/// <param name="Sequences">Sequences read.</param>
/// <param name="TokensPerSecond">Of one thread.</param>
/// <param name="Shares">Of all tokens, by <see cref="TokenKind"/>.</param>
/// <param name="Sources">What each of the plan's sources brings, in their order.</param>
/// <param name="Texts">The text of each sequence; where the kind changes, <c>⟦kind⟧</c> is put in.</param>
internal sealed record DataReport(int Sequences, double TokensPerSecond, double[] Shares, IReadOnlyList<DataReport.Source> Sources, IReadOnlyList<string> Texts)
{
    /// <summary>Reads sequences as the trainer does.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="folder">What its paths are relative to.</param>
    /// <param name="stage">Index of the stage.</param>
    /// <param name="first">Number of the first sequence.</param>
    /// <param name="count">How many.</param>
    /// <param name="forgetting">Those of the batches that forget, where the stage has some for them.</param>
    /// <exception cref="PlanException">A source cannot be opened.</exception>
    public static DataReport Read(TrainingPlan plan, string folder, int stage, long first, int count, bool forgetting = false)
    {
        StagePlan chosen = plan.Stages[stage];
        var tokenizer = WorldTokenizer.Load(plan.Model.FindVocabulary(folder) ?? throw new PlanException("expected model.vocabulary, found none"));
        using SequenceSources sources = new(folder, () => tokenizer);
        (int seed, int vocabSize) = (plan.SeedOf(stage), tokenizer.VocabularySize);
        (IReadOnlyList<SourcePlan>? plans, ISequenceSource? source) =
            forgetting ? (chosen.ForgetData, sources.OpenForgetting(chosen, seed, vocabSize)) : (chosen.Data, sources.Open(chosen, seed, vocabSize));
        if (plans is null || source is null) throw new PlanException($"stage {chosen.Name}: expected forget_data, found none");
        TokenWeights weights = new(chosen);
        int[] tokens = new int[chosen.Length + 1];
        TokenKind[] kinds = new TokenKind[chosen.Length + 1];
        source.Read(first, tokens, kinds); // what is only done once
        long[] counts = new long[Enum.GetValues<TokenKind>().Length];
        double[] tokensOf = new double[plans.Count], answersOf = new double[plans.Count], weightOf = new double[plans.Count];
        List<string> texts = [];
        TimeSpan spent = TimeSpan.Zero;
        for (int i = 0; i < count; i++)
        {
            long started = Stopwatch.GetTimestamp();
            source.Read(first + i, tokens, kinds);
            spent += Stopwatch.GetElapsedTime(started);
            foreach (TokenKind kind in kinds) counts[(int)kind]++;
            int from = source is SourceMixture mixture ? mixture.Locate(first + i).Source : 0;
            tokensOf[from] += tokens.Length;
            answersOf[from] += kinds.Count(kind => kind == TokenKind.Answer);
            weightOf[from] += weights.Of(tokens, kinds).Sum();
            texts.Add(Text(tokenizer, tokens, kinds));
        }

        double all = (double)count * tokens.Length;
        double weightSum = weightOf.Sum();
        Source[] brought = [.. plans.Select((from, i) => new Source(NameOf(from), tokensOf[i] / all, answersOf[i] / Math.Max(1, tokensOf[i]), weightOf[i] / weightSum))];
        return new DataReport(count, all / spent.TotalSeconds, [.. counts.Select(n => n / all)], brought, texts);
    }

    private static string NameOf(SourcePlan source) => source.Task is { } task ? $"{task} from {source.MinLength}" : string.Join(", ", source.Shards!);

    private static string Text(WorldTokenizer tokenizer, int[] tokens, TokenKind[] kinds)
    {
        System.Text.StringBuilder text = new();
        for (int start = 0, end; start < tokens.Length; start = end)
        {
            end = start + 1;
            while (end < tokens.Length && kinds[end] == kinds[start] && tokens[end] != 0) end++;
            text.Append('⟦').Append(tokens[start] == 0 ? "0 " : "").Append(kinds[start]).Append('⟧').Append(tokenizer.Decode(tokens[start..end]));
        }

        return text.ToString();
    }

    /// <summary>What a source brings.</summary>
    /// <param name="Name">Its task and shortest document, or its shards.</param>
    /// <param name="Tokens">Share of all tokens.</param>
    /// <param name="Answers">Share of its tokens that are answers.</param>
    /// <param name="Weight">Share of what counts in the loss.</param>
    internal sealed record Source(string Name, double Tokens, double Answers, double Weight);
}
