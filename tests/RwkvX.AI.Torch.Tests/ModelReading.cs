using RwkvX.AI.Models;
using RwkvX.AI.Testing.Models;

namespace RwkvX.AI.Torch.Tests;

/// <summary>Reading a tiny model's weights, and a text through an engine.</summary>
internal static class ModelReading
{
    /// <summary>The weights of a tiny model, with its own chunks.</summary>
    public static ModelTensors Tensors(this TinyModel tiny) => ModelTensors.Read(tiny.Checkpoint, tiny.Config.MobaChunkSize, tiny.Config.MobaTopK);

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
