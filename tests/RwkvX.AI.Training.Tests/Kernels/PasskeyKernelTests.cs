using RwkvX.AI.Checkpoints;
using RwkvX.AI.Testing;
using RwkvX.AI.Tokenization;
using RwkvX.AI.Training.Cuda;
using RwkvX.AI.Training.Layers;
using RwkvX.AI.Training.Models;
using RwkvX.AI.Training.Wkv;
using Xunit;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Tests.Kernels;

/// <summary>The recurrence and the attention by kernels on what the trained model hands them for the published passkey prompt, whose sentences repeat: outputs and every gradient against the plain forms.</summary>
public sealed class PasskeyKernelTests : TorchTest
{
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Layers_OnHost_AreThePlainOnes(ScalarType type)
    {
        using HostKernelLauncher launcher = new();
        Check(launcher, type, CPU, tokens: 200, layersApart: 4);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Layers_OnDevice_AreThePlainOnes(ScalarType type)
    {
        using CudaKernelLauncher launcher = KernelTests.Device();
        Check(launcher, type, CUDA, tokens: int.MaxValue, layersApart: 1);
    }

    /// <param name="launcher">Where the kernels run.</param>
    /// <param name="type">Of the operators' inputs.</param>
    /// <param name="device">Where they lie.</param>
    /// <param name="tokens">At most so many of the prompt, from its start.</param>
    /// <param name="layersApart">Every so-manieth layer of a kind, from the first.</param>
    private static void Check(IKernelLauncher launcher, ScalarType type, Device device, int tokens, int layersApart)
    {
        using ModelFiles files = ModelFiles.Open(Repository.EmbeddedModel); // a pack for a GPU has no embedded one
        using TrainableModel model = TrainableModel.Load(files);
        long[] ids = [.. WorldTokenizer.Load(Repository.EmbeddedVocabulary).Encode(TrainedTexts.Read("passkey2k")).Take(tokens).Select(id => (long)id)];
        List<Tensor[]> recurrences = [], attentions = [];
        Operators plain = Operators.Plain(model.Config), listening = new(
            (r, logW, k, v, a, b) => Kept(recurrences, [r, logW, k, v, a, b], plain.Wkv(r, logW, k, v, a, b)),
            (q, k, v) => Kept(attentions, [q, k, v], plain.Attend(q, k, v)),
            plain.Elementwise);
        using (no_grad())
            _ = new Network(model.Config, model.Prefix, new Weights(model, ScalarType.Float32, null), listening).Logits(tensor(ids).unsqueeze(0));
        Assert.Equal((model.Config.LayerCount, model.Config.SparseLayerCount), (recurrences.Count, attentions.Count));

        for (int layer = 0; layer < recurrences.Count; layer += layersApart)
            KernelTests.CompareWkv(launcher, [.. recurrences[layer].Select((x, i) => On(x, i == 1 ? ScalarType.Float32 : type))], new ChunkedWkv(16, ChunkScan.Plain).Forward);
        for (int layer = 0; layer < attentions.Count; layer += layersApart)
            AttentionKernelTests.Compare(launcher, [.. attentions[layer].Select(x => On(x, type))], model.Config.MobaChunkSize, model.Config.MobaTopK, type == ScalarType.Float32 ? 1e-3 : 2e-2);

        Tensor On(Tensor x, ScalarType to) => x.to(to).to(device).contiguous().requires_grad_(true);
    }

    private static Tensor Kept(List<Tensor[]> all, Tensor[] inputs, Tensor result)
    {
        all.Add([.. inputs.Select(x => x.detach().clone().DetachFromDisposeScope())]);
        return result;
    }
}
