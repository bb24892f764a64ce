namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>Puts statements at random places of a long text, in their order.</summary>
internal static class Scatter
{
    /// <summary>Writes filler until the length is reached, with the statements in between.</summary>
    /// <param name="writer">Where it goes.</param>
    /// <param name="random">Decides the places.</param>
    /// <param name="tokens">The writer's length afterwards, about.</param>
    /// <param name="filler">The text between.</param>
    /// <param name="statements">Whole sentences.</param>
    public static void Write(DocumentWriter writer, Random random, int tokens, IFiller filler, IReadOnlyList<string> statements)
    {
        int start = writer.Tokens, length = Math.Max(0, tokens - start);
        int[] places = [.. statements.Select(_ => start + random.Next(length + 1)).Order()];
        int next = 0;
        while (next < statements.Count || writer.Tokens < tokens)
        {
            if (next < statements.Count && (writer.Tokens >= places[next] || writer.Tokens >= tokens))
                writer.Add(statements[next++] + filler.Joint(random), PartKind.Fact);
            else
                writer.Add(filler.Next(random), PartKind.Filler);
        }
    }
}
