using RwkvX.AI.Models;

namespace RwkvX.AI.Torch.Tests;

/// <summary>Reading a text through an engine.</summary>
internal static class ModelReading
{
    /// <summary>(T, V): the logits after each token, read in spans.</summary>
    public static float[] Logits(this IRwkvXModel model, RwkvXState state, int[] tokens, int span)
    {
        int v = model.Config.VocabSize;
        float[] logits = new float[tokens.Length * v];
        for (int t = 0; t < tokens.Length; t += span)
        {
            int count = Math.Min(span, tokens.Length - t);
            model.Forward(state, tokens.AsMemory(t, count), logits.AsMemory(t * v, count * v));
        }
        return logits;
    }
}
