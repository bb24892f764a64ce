using RwkvX.AI.Training.Plans;

namespace RwkvX.AI.Training.Data;

/// <summary>How much each token of a stage counts as a target: by its kind, and the answers of a document by how few they are.</summary>
internal sealed class TokenWeights
{
    private const float MostOfOne = 20; // times what an answer counts: a lone number in 64K tokens must not be all that a step learns

    private readonly float[] _byKind = [.. Enum.GetValues<TokenKind>().Select(kind => kind == TokenKind.Padding ? 0f : 1f)];
    private readonly double _answerShare;

    /// <param name="stage">Has <see cref="StagePlan.LossWeights"/>, 1 where nothing is said, and <see cref="StagePlan.AnswerShare"/>.</param>
    public TokenWeights(StagePlan stage)
    {
        _answerShare = stage.AnswerShare;
        foreach ((string kind, double weight) in stage.LossWeights ?? new Dictionary<string, double>())
            _byKind[(int)Enum.Parse<TokenKind>(kind, ignoreCase: true)] = (float)weight;
    }

    /// <summary>The weights of a sequence, whose documents end with token 0.</summary>
    /// <param name="tokens">(n)</param>
    /// <param name="kinds">(n)</param>
    /// <returns>(n)</returns>
    public float[] Of(ReadOnlySpan<int> tokens, ReadOnlySpan<TokenKind> kinds)
    {
        float[] weights = new float[tokens.Length];
        for (int start = 0, end; start < tokens.Length; start = end)
        {
            int zero = tokens[start..].IndexOf(0);
            end = zero < 0 ? tokens.Length : start + zero + 1;
            int answers = kinds[start..end].Count(TokenKind.Answer);
            float times = answers == 0 ? 1 : Math.Clamp((float)(_answerShare * (end - start) / answers), 1, MostOfOne);
            for (int i = start; i < end; i++) weights[i] = _byKind[(int)kinds[i]] * (kinds[i] == TokenKind.Answer ? times : 1);
        }

        return weights;
    }
}
