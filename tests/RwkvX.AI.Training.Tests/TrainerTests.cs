using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Training.Data;
using RwkvX.AI.Training.Layers;
using RwkvX.AI.Training.Losses;
using RwkvX.AI.Training.Models;
using RwkvX.AI.Training.Plans;
using RwkvX.AI.Training.Runs;
using RwkvX.AI.Training.Tests.Distributed;
using Xunit;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Tests;

/// <summary>The trainer's promises, on toy models.</summary>
public sealed class TrainerTests : TorchTest
{
    private static readonly RwkvXConfig Toy = new()
    {
        EmbeddingSize = 64,
        LayerCount = 2,
        SparseLayerCount = 1,
        VocabSize = 40,
        MobaChunkSize = 8,
        MobaTopK = 2,
    };

    [Theory]
    [InlineData("f32", 0, "adamw")]
    [InlineData("bf16", 1, "adamw")]
    [InlineData("bf16", 1, "muon")]
    public void Run_StoppedAndResumed_GivesTheSameBits(string precision, double recompute, string matrices)
    {
        using TestFolder folder = new();
        TrainingPlan plan = Plan(folder, precision, recompute) with { Optimizer = new OptimizerPlan { Matrices = matrices } };
        float[] whole = Train(plan, folder, "whole", int.MaxValue), parts = [];
        foreach (int steps in new[] { 2, 3, int.MaxValue }) parts = Train(plan, folder, "parts", steps); // stops inside both stages
        TensorAssert.SameBits(whole, parts, "weights after stopping twice");
    }

    [Theory]
    [InlineData("f32", 0, "adamw")]
    [InlineData("bf16", 1, "adamw")]
    [InlineData("bf16", 1, "muon")]
    public void Run_OverTwoProcesses_GivesTheBitsOfOne(string precision, double recompute, string matrices)
    {
        using TestFolder folder = new();
        TrainingPlan plan = Plan(folder, precision, recompute) with { Optimizer = new OptimizerPlan { Matrices = matrices } };
        plan = plan with { Stages = [.. plan.Stages.Select(stage => stage with { Accumulate = 2, ForgetEvery = 8, ForgetData = stage.Data })] };
        float[] one = Train(plan, folder, "one", int.MaxValue);
        Train(plan, folder, "two", steps: 2, processes: 2); // stopped by the first process
        Train(plan, folder, "two", steps: 1); // on with one
        float[] two = Train(plan, folder, "two", int.MaxValue, processes: 2);
        TensorAssert.SameBits(one, two, "weights of two processes, of one for a while");
        Assert.Equal(File.ReadLines(Path.Combine(folder.File("one"), "steps.csv")).Select(Losses), File.ReadLines(Path.Combine(folder.File("two"), "steps.csv")).Select(Losses));

        static string Losses(string line) => string.Join(',', line.Split(',')[..6]);
    }

    [Fact]
    public void Trainer_BatchesThatCannotBeShared_SaysWhich()
    {
        using TestFolder folder = new();
        using ThreadGroup group = new(2);
        var e = Assert.Throws<PlanException>(() => new Trainer(Plan(folder, "f32", 0), folder.Path, folder.File("uneven"), null, group.Members[0]));
        Assert.Equal("stage long: accumulate: expected a multiple of the 2 devices that share a step's batches, found 1", e.Message);
    }

    [Fact]
    public void Run_ToyText_LearnsIt()
    {
        using TestFolder folder = new();
        TrainingPlan plan = Plan(folder, "f32", 0);
        plan = plan with { Stages = [plan.Stages[1] with { Tokens = 64 * 2 * 40, LearningRate = 1e-2 }] };
        List<double> losses = [];
        using Trainer trainer = new(plan, folder.Path, folder.File("learns")) { Stepped = figures => losses.Add(figures.Loss) };
        Assert.True(trainer.Run(TestContext.Current.CancellationToken));
        Assert.True(losses[^1] < losses[0] / 2, $"first {losses[0]:g4}, last {losses[^1]:g4}");
        Assert.True(File.ReadAllLines(Path.Combine(folder.File("learns"), "steps.csv")).Length == losses.Count + 1);
    }

    [Fact]
    public void Run_StageOne_ChangesTheNewBlocksOnly()
    {
        using TestFolder folder = new();
        TrainingPlan plan = Plan(folder, "f32", 1);
        plan = plan with { Stages = [plan.Stages[0] with { Train = "new" }] };
        using Trainer trainer = new(plan, folder.Path, folder.File("new"));
        Dictionary<string, float[]> before = Values(trainer.Model);
        Assert.True(trainer.Run(TestContext.Current.CancellationToken));
        foreach ((string name, float[] values) in Values(trainer.Model))
        {
            bool isNew = name.StartsWith("moba.", StringComparison.Ordinal);
            if (isNew && name.Contains("output", StringComparison.Ordinal)) Assert.NotEqual(before[name], values);
            if (!isNew) TensorAssert.SameBits(before[name], values, name);
        }
    }

    /// <summary>As by one graph of the whole model, also where only the sparse layers are trained.</summary>
    [Theory]
    [InlineData(0, "")]
    [InlineData(0, "moba.")]
    [InlineData(0.5, "moba.")]
    [InlineData(1, "moba.")]
    public void LayerByLayer_SameGradients(double recompute, string trained)
    {
        using TestFolder folder = new();
        StagePlan stage = Plan(folder, "f32", recompute).Stages[0];
        using TrainableModel model = Initialization.Create(Toy, 3);
        Perturb(model);
        foreach ((string name, Tensor parameter) in model.Parameters) parameter.requires_grad = name.StartsWith(trained, StringComparison.Ordinal);
        TrainingBatch batch = Batch(stage);
        Dictionary<string, float[]> found = Gradients(model, stage, batch);
        model.ZeroGradients();
        using TorchSharp.DisposeScope scope = NewDisposeScope();
        (Tensor tokens, Tensor targets, Tensor weights) = batch.To(CPU);
        Tensor logits = NetworkOf(model).Logits(tokens), losses = CrossEntropy.PerToken(logits, targets) + (stage.ZLoss * logits.logsumexp(-1).square());
        ((losses * weights).sum() / batch.WeightSum).backward();
        foreach ((string name, Tensor parameter) in model.Parameters)
        {
            if (parameter.grad is not { } grad) Assert.All(found[name], value => Assert.Equal(0, value));
            else TensorAssert.Close(grad.data<float>().ToArray(), found[name], 1e-6 + (1e-4 * grad.abs().max().item<float>()), name);
        }
    }

    /// <summary>What is cast is cast anew after a step, and has gradients wherever it was asked for first.</summary>
    [Fact]
    public void Weights_InBf16_FollowTheirMasters()
    {
        const string Name = "rwkv.head.weight";
        using TrainableModel model = Initialization.Create(Toy, 3);
        using Weights weights = new(model, ScalarType.BFloat16);
        Tensor first;
        using (no_grad()) first = weights[Name];
        Assert.Same(first, weights[Name]);
        for (int pass = 0; pass < 2; pass++) weights[Name].sum().backward();
        Assert.Equal(2, model[Name].grad!.mean().item<float>());
        using (no_grad()) model[Name].fill_(0.3);
        Assert.NotEqual(Corner(model[Name].to(ScalarType.BFloat16)), Corner(weights[Name]));
        weights.Update();
        Assert.Equal(Corner(model[Name].to(ScalarType.BFloat16)), Corner(weights[Name]));
        weights[Name].sum().backward();
        Assert.Equal(3, model[Name].grad!.mean().item<float>());

        static float Corner(Tensor matrix) => matrix[0, 0].to(ScalarType.Float32).item<float>();
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(1)]
    public void Recompute_SameGradients(double share)
    {
        using TestFolder folder = new();
        StagePlan stage = Plan(folder, "f32", 0).Stages[0];
        using TrainableModel model = Initialization.Create(Toy, 3);
        Perturb(model);
        TrainingBatch batch = Batch(stage);
        Dictionary<string, float[]> kept = Gradients(model, stage, batch), again = Gradients(model, stage with { RecomputeShare = share }, batch);
        foreach (string name in kept.Keys) TensorAssert.Close(kept[name], again[name], 1e-6 + (1e-4 * kept[name].Max(Math.Abs)), name);
    }

    /// <summary>It changes the gradients of the matrices of queries and keys and of nothing else; whether layers are kept makes no difference.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void ChoiceLoss_OfAnswers_AddsToTheGradientsOfWhatChooses(double recompute)
    {
        using TestFolder folder = new();
        StagePlan stage = Plan(folder, "f32", recompute).Stages[0];
        using TrainableModel model = Initialization.Create(Toy, 3);
        Perturb(model);
        TrainingBatch batch = Batch(stage) with { Answers = [17, 22, 45] };
        StagePlan choosing = stage with { ChoiceLoss = 0.5 };
        Dictionary<string, float[]> without = Gradients(model, stage, batch), with = Gradients(model, choosing, batch), none = Gradients(model, choosing, batch with { Answers = [] });
        foreach (string name in without.Keys) TensorAssert.SameBits(without[name], none[name], name);
        string[] changed = ["moba.0.att.receptance.weight", "moba.0.att.key.weight"];
        foreach (string name in without.Keys.Except(changed)) TensorAssert.SameBits(without[name], with[name], name);
        foreach (string name in changed) Assert.NotEqual(without[name], with[name]);
        if (recompute == 0) return;
        Dictionary<string, float[]> kept = Gradients(model, choosing with { RecomputeShare = 0 }, batch);
        foreach (string name in kept.Keys) TensorAssert.Close(kept[name], with[name], 1e-6 + (1e-4 * kept[name].Max(Math.Abs)), name);
    }

    /// <summary>Without sparse layers nothing passes a border: each span is a text of its own, in values and in gradients.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    [InlineData(1)]
    public void Forgetting_PlainModel_IsTheSpansAlone(double recompute)
    {
        using TestFolder folder = new();
        StagePlan stage = Plan(folder, "f32", recompute).Stages[0] with { ForgetEvery = 8, ForgetShare = 1 };
        using TrainableModel model = Initialization.Create(Toy with { SparseLayerCount = 0 }, 3);
        Perturb(model);
        TrainingBatch batch = Batch(stage);
        TrainingBatch spans = batch with { Batch = batch.Batch * 3 };
        Dictionary<string, float[]> forgetting = Gradients(model, stage, batch with { Forgets = true }), alone = Gradients(model, stage, spans), whole = Gradients(model, stage, batch);
        foreach (string name in alone.Keys) TensorAssert.Close(alone[name], forgetting[name], 1e-6 + (1e-4 * alone[name].Max(Math.Abs)), name);
        Assert.NotEqual(whole["blocks.1.att.key.weight"], forgetting["blocks.1.att.key.weight"]);
    }

    /// <summary>With them, what is further back still counts.</summary>
    [Fact]
    public void Forgetting_SparseModel_ReachesBackByAttention()
    {
        using TrainableModel model = Initialization.Create(Toy, 3);
        Perturb(model);
        Network network = new Network(Toy, model.Prefix, new Weights(model, ScalarType.Float32), Operators.Plain(Toy)).Forgetting(8);
        using IDisposable noGrad = no_grad();
        Tensor tokens = randint(Toy.VocabSize, [1, 24], dtype: ScalarType.Int64, generator: new Generator(1)), other = tokens.clone();
        other[0, 2] = (tokens[0, 2] + 1) % Toy.VocabSize;
        Tensor difference = (network.Logits(tokens) - network.Logits(other)).abs().amax([-1])[0];
        Assert.True(difference[2].item<float>() > 1e-3 && difference[20].item<float>() > 1e-6, $"{difference[2].item<float>()} at the token, {difference[20].item<float>()} two spans later");
    }

    [Theory]
    [InlineData(0, 0.5, "")]
    [InlineData(8, 0, "")]
    [InlineData(8, 0.25, "3 7")]
    [InlineData(8, 0.5, "1 3 5 7")]
    [InlineData(8, 1, "0 1 2 3 4 5 6 7")]
    public void Forgets_Share_IsSpreadEvenly(int every, double share, string expected)
    {
        using TestFolder folder = new();
        StagePlan stage = Plan(folder, "f32", 0).Stages[0] with { ForgetEvery = every, ForgetShare = share };
        Assert.Equal(expected, string.Join(' ', Enumerable.Range(0, 8).Where(batch => stage.Forgets(batch))));
    }

    [Fact]
    public void MobaTopK_OfAStage_IsThatOfItsStepsAlone()
    {
        using TestFolder folder = new();
        TrainingPlan plan = Plan(folder, "f32", 0);
        plan = plan with { Stages = [plan.Stages[0]] };
        TrainingPlan wide = plan with { Model = plan.Model with { MobaTopK = 3 } }, stage = plan with { Stages = [plan.Stages[0] with { MobaTopK = 3 }] };
        float[] narrow = Train(plan, folder, "narrow", int.MaxValue), expected = Train(wide, folder, "wide", int.MaxValue);
        TensorAssert.SameBits(expected, Train(stage, folder, "stage", int.MaxValue), "weights where the stage's tokens attend to three chunks");
        Assert.NotEqual(narrow, expected);
        using Trainer trainer = new(stage, folder.Path, folder.File("stage"));
        trainer.Export(folder.File("model"));
        Assert.Contains("\"moba_topk\": 2", File.ReadAllText(folder.File("model/config.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void BlockExpansion_PlainModel_SameLogits()
    {
        using TrainableModel plain = Initialization.Create(Toy with { SparseLayerCount = 0 }, 3);
        Perturb(plain);
        using TrainableModel expanded = BlockExpansion.Expand(plain, 2, 8, 2, seed: 5);
        Tensor tokens = randint(Toy.VocabSize, [2, 33], dtype: ScalarType.Int64, generator: new Generator(1));
        Tensor before = Logits(plain, tokens), after = Logits(expanded, tokens);
        TensorAssert.SameBits(before.data<float>().ToArray(), after.data<float>().ToArray(), "logits");
    }

    [Fact]
    public void LowRank_BeforeTraining_ChangesNothing_AfterwardsOnlyWhenMerged()
    {
        using TestFolder folder = new();
        TrainingPlan plan = Plan(folder, "f32", 0) with { LowRank = new LowRankPlan(4, 8) };
        using Trainer trainer = new(plan, folder.Path, folder.File("lora"));
        Dictionary<string, float[]> before = Values(trainer.Model);
        Assert.True(trainer.Run(TestContext.Current.CancellationToken));
        foreach ((string name, float[] values) in Values(trainer.Model)) TensorAssert.SameBits(before[name], values, name);
        trainer.Export(folder.File("exported"));
        Assert.NotEqual(before["rwkv.blocks.1.att.value.weight"], Values(trainer.Model)["rwkv.blocks.1.att.value.weight"]);
    }

    [Fact]
    public void Run_LossIsNaN_KeepsTheLastGoodWeights()
    {
        using TestFolder folder = new();
        TrainingPlan plan = Plan(folder, "f32", 0) with { Optimizer = new OptimizerPlan { MaxSkips = 3 } };
        using Trainer trainer = new(plan, folder.Path, folder.File("nan"));
        using (no_grad()) trainer.Model["rwkv.head.weight"].fill_(float.NaN);
        Dictionary<string, float[]> before = Values(trainer.Model);
        var e = Assert.Throws<TrainingDivergedException>(() => trainer.Run(TestContext.Current.CancellationToken));
        Assert.Contains("loss NaN", e.Message, StringComparison.Ordinal);
        TensorAssert.SameBits(before["rwkv.emb.weight"], Values(trainer.Model)["rwkv.emb.weight"], "embedding");
    }

    private static TrainingPlan Plan(TestFolder folder, string precision, double recompute)
    {
        string shard = folder.File("text.rwkvtok");
        TokenShardWriter writer = new(Toy.VocabSize);
        Random random = new(1);
        for (int document = 0; document < 40; document++)
        {
            int start = random.Next(1, 30);
            int[] ids = [.. Enumerable.Range(0, 30).Select(i => 1 + ((start + (i * 7)) % 39))];
            writer.Add(ids, new TokenKind[ids.Length]);
        }

        writer.Write(shard);
        StagePlan stage = new()
        {
            Name = "short",
            Length = 24,
            Batch = 2,
            Accumulate = 2,
            Tokens = 24 * 4 * 4,
            LearningRate = 1e-3,
            FinalLearningRate = 1e-4,
            WarmupSteps = 2,
            RecomputeShare = recompute,
            Data = [new SourcePlan { Shards = [shard] }],
            ZLoss = 1e-4,
        };
        return new TrainingPlan
        {
            Model = new ModelPlan { New = new NewModelPlan(64, 2, 1, Toy.VocabSize), MobaChunkSize = 8, MobaTopK = 2 },
            Precision = precision,
            SaveEverySeconds = 1e9,
            Stages =
            [
                stage,
                stage with
                {
                    Name = "long", Length = 64, Accumulate = 1, Tokens = 64 * 2 * 3,
                    LongCrossEntropy = new Losses.LongCrossEntropyOptions(16, 16, 5), L2Wrap = 1e-4,
                },
            ],
        };
    }

    /// <summary>Trains for some steps, or to the end, and gives all weights; all processes must have the same.</summary>
    private static float[] Train(TrainingPlan plan, TestFolder folder, string name, int steps, int processes = 1)
    {
        using CancellationTokenSource stop = new();
        using ThreadGroup group = new(processes);
        float[][] weights = group.Run(member =>
        {
            int done = 0;
            using Trainer trainer = new(plan, folder.Path, folder.File(name), null, member);
            trainer.Stepped = _ =>
            {
                if (member.Rank == 0 && ++done >= steps) stop.Cancel();
            };
            Assert.Equal(steps == int.MaxValue, trainer.Run(member.Rank == 0 ? stop.Token : CancellationToken.None));
            return Values(trainer.Model).Values.SelectMany(values => values).ToArray();
        });
        foreach (float[] other in weights[1..]) TensorAssert.SameBits(weights[0], other, "weights of another process");
        return weights[0];
    }

    private static Dictionary<string, float[]> Values(TrainableModel model) =>
        model.Parameters.ToDictionary(pair => pair.Key, pair => pair.Value.detach().data<float>().ToArray());

    private static TrainingBatch Batch(StagePlan stage)
    {
        using SequenceSources sources = new(Path.GetTempPath(), () => throw new InvalidOperationException());
        return TrainingBatch.Read(sources.Open(stage, 1, Toy.VocabSize), 0, stage with { Batch = 2 }, new TokenWeights(stage));
    }

    private static Dictionary<string, float[]> Gradients(TrainableModel model, StagePlan stage, TrainingBatch batch)
    {
        model.ZeroGradients();
        new BatchGradient(NetworkOf(model), stage, CPU).Add(batch, batch.WeightSum);
        return model.Parameters.ToDictionary(pair => pair.Key, pair => pair.Value.grad is { } grad ? grad.data<float>().ToArray() : new float[pair.Value.numel()]);
    }

    private static Tensor Logits(TrainableModel model, Tensor tokens)
    {
        using IDisposable noGrad = no_grad();
        return NetworkOf(model).Logits(tokens);
    }

    private static Network NetworkOf(TrainableModel model) => new(model.Config, model.Prefix, new Weights(model, ScalarType.Float32), Operators.Plain(model.Config));

    /// <summary>Fresh models have outputs at zero, through which no gradient flows.</summary>
    private static void Perturb(TrainableModel model)
    {
        using IDisposable noGrad = no_grad();
        Generator generator = new(9);
        foreach (Tensor parameter in model.Parameters.Values) parameter.add_(randn(parameter.shape, generator: generator) * 0.05);
    }
}
