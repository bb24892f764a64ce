using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Training.Models;
using RwkvX.AI.Training.Plans;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Runs;

/// <summary>The model that a plan starts from.</summary>
/// <param name="plan">The plan.</param>
/// <param name="folder">What its paths are relative to.</param>
internal sealed class ModelSource(TrainingPlan plan, string folder)
{
    /// <summary>The model on a device, and its vocabulary's file.</summary>
    public (TrainableModel Model, string? Vocabulary) Open(Device device)
    {
        if (plan.Model.New is { } sizes)
        {
            string? vocabulary = plan.Model.FindVocabulary(folder); // before what takes memory
            return (Place(Initialization.Create(Config(sizes), plan.Seed), device), vocabulary);
        }

        using ModelFiles files = plan.Model.OpenFrom(folder);
        TrainableModel model = TrainableModel.Load(files);
        if (plan.Model.ExpandWith is not { } layers) return (Place(model, device), files.VocabularyPath);
        using TrainableModel plain = model;
        return (Place(BlockExpansion.Expand(plain, layers, plan.Model.MobaChunkSize, plan.Model.MobaTopK, plan.Seed), device), files.VocabularyPath);
    }

    private RwkvXConfig Config(NewModelPlan sizes)
    {
        if (sizes.NEmbd < 64 || sizes.NEmbd % 64 != 0) throw new PlanException($"model.new.n_embd: expected a multiple of 64, found {sizes.NEmbd}");
        if (sizes.NLayer < 1 || sizes.NMobaLayer < 0 || (sizes.NMobaLayer > 0 && sizes.NLayer % sizes.NMobaLayer != 0))
            throw new PlanException($"model.new: expected n_moba_layer to divide n_layer, found {sizes.NMobaLayer} and {sizes.NLayer}");
        return new RwkvXConfig
        {
            EmbeddingSize = sizes.NEmbd,
            LayerCount = sizes.NLayer,
            SparseLayerCount = sizes.NMobaLayer,
            VocabSize = sizes.VocabSize,
            MobaChunkSize = plan.Model.MobaChunkSize,
            MobaTopK = plan.Model.MobaTopK,
        };
    }

    private static TrainableModel Place(TrainableModel model, Device device)
    {
        if (device.type == TorchSharp.DeviceType.CPU) return model;
        TrainableModel placed = new(model.Config, model.Prefix);
        foreach ((string name, Tensor parameter) in model.Parameters) placed.Add(name, parameter.detach().to(device));
        model.Dispose();
        return placed;
    }
}
