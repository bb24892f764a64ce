using System.Numerics.Tensors;
using System.Text.Json;

namespace RwkvX.AI.Testing;

/// <summary>A text whose logits in the bootstrap model were calculated in double precision.</summary>
/// <param name="Ids">(T) the tokens.</param>
/// <param name="ArgMax">(L) the best token after each of the last L.</param>
/// <param name="TopIds">(L, 3) the three best.</param>
/// <param name="TopLogits">(L, 3) their logits.</param>
public sealed record RecordedText(int[] Ids, int[] ArgMax, int[][] TopIds, float[][] TopLogits)
{
    /// <summary>Reads one of <see cref="TrainedTexts.Names"/>.</summary>
    public static RecordedText Read(string name)
    {
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Fixtures, "bootstrap-cases.json")));
        JsonElement text = cases.RootElement.GetProperty(name);
        return new RecordedText(Get<int[]>("ids"), Get<int[]>("argmax"), Get<int[][]>("top_ids"), Get<float[][]>("top_logits"));

        T Get<T>(string property) => text.GetProperty(property).Deserialize<T>()!;
    }

    /// <summary>The positions whose logits are recorded, L.</summary>
    public int Count => ArgMax.Length;

    /// <summary>How many of them have the same best token.</summary>
    /// <param name="logits">(T, V)</param>
    /// <param name="v">V</param>
    public int SameChoices(ReadOnlySpan<float> logits, int v)
    {
        int same = 0;
        for (int i = 0; i < Count; i++) same += TensorPrimitives.IndexOfMax(Row(logits, i, v)) == ArgMax[i] ? 1 : 0;
        return same;
    }

    /// <summary>Fails where a recorded logit is further off than allowed, or where the best token is another although the recorded one leads by more than 1e-3.</summary>
    /// <param name="logits">(T, V)</param>
    /// <param name="v">V</param>
    /// <param name="tolerance">Absolute.</param>
    public void AssertClose(ReadOnlySpan<float> logits, int v, double tolerance)
    {
        for (int i = 0; i < Count; i++)
        {
            ReadOnlySpan<float> row = Row(logits, i, v);
            TensorAssert.Close(TopLogits[i], new[] { row[TopIds[i][0]], row[TopIds[i][1]], row[TopIds[i][2]] }, tolerance, $"position {Ids.Length - Count + i}");
            int best = TensorPrimitives.IndexOfMax(row);
            if (TopLogits[i][0] - TopLogits[i][1] > 1e-3 && best != ArgMax[i])
                throw new InvalidOperationException($"position {Ids.Length - Count + i}: expected token {ArgMax[i]}, found {best}");
        }
    }

    private ReadOnlySpan<float> Row(ReadOnlySpan<float> logits, int position, int v) => logits.Slice((Ids.Length - Count + position) * v, v);
}
