using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Golden;
using RwkvX.AI.Testing.Models;
using RwkvX.AI.Tokenization;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>Engines with large matrices in 8 bits, against the CPU engine with the same weights in single precision.</summary>
public sealed class EightBitTests
{
    private static readonly Precision[] Precisions = [Precision.Int8, Precision.Fp8];

    public static TheoryData<string, Precision> Cases
    {
        get
        {
            TheoryData<string, Precision> data = [];
            foreach (string name in GoldenCase.Names)
                foreach (Precision precision in Precisions)
                    data.Add(name, precision);
            return data;
        }
    }

    [Theory]
    [InlineData("hybrid-window")]
    [InlineData("rwkv7-plain")]
    public void Twin_Int8_IsWhatTheCpuEngineCalculates(string name)
    {
        using GoldenCase golden = GoldenCase.Open(name);
        ModelTensors tensors = ModelTensors.Read(golden.Files);
        using CpuModel cpu = CpuModel.Load(golden.Files, new CpuModelOptions { Threads = 1, Precision = Precision.Int8 });
        TensorAssert.Close(Expected(golden, tensors, Precision.Int8), Logits(cpu, golden.Tokens, golden.Tokens.Length), CudaTolerances.F32, name);
    }

    /// <summary>All else in single precision: the 8 bits alone, exactly, in steps and in matrix products.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_GoldenCaseBesideF32_WithinToleranceOfTheSameWeights(string name, Precision precision)
    {
        CudaTest.Require();
        using GoldenCase golden = GoldenCase.Open(name);
        ModelTensors tensors = ModelTensors.Read(golden.Files);
        float[] expected = Expected(golden, tensors, precision);
        using CudaModel model = CudaModel.Load(tensors, new CudaModelOptions { Precision = precision, BesideLarge = Precision.F32 });
        foreach (string schedule in (string[])["sequence", "1", "7", "64", "batch", "exported", "forked"])
        {
            using ScheduledRun run = ScheduledRun.Run(model, golden.Tokens, schedule);
            TensorAssert.Close(expected, run.Logits, CudaTolerances.F32, $"{name} {schedule} {precision}");
        }
    }

    /// <summary>As it is used: all else in bf16, also each matrix on its way into a product.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_GoldenCase_RmsWithinToleranceOfTheSameWeights(string name, Precision precision)
    {
        CudaTest.Require();
        using GoldenCase golden = GoldenCase.Open(name);
        ModelTensors tensors = ModelTensors.Read(golden.Files);
        float[] expected = Expected(golden, tensors, precision);
        using CudaModel model = CudaTest.Load(tensors, precision);
        foreach (string schedule in (string[])["sequence", "1", "7", "64", "batch", "exported", "forked"])
        {
            using ScheduledRun run = ScheduledRun.Run(model, golden.Tokens, schedule);
            double rms = Math.Sqrt(expected.Zip(run.Logits, (e, f) => Math.Pow(e - f, 2)).Average());
            TestContext.Current.TestOutputHelper?.WriteLine($"{name} {schedule} {precision}: rms error {rms:g3}");
            Assert.True(rms <= CudaTolerances.Narrow, $"{name} {schedule} {precision}: rms error {rms:g3}, tolerance {CudaTolerances.Narrow}");
        }
    }

    /// <summary>2, 4 and 9 sequences: the steps of two and four lanes, and a graph of matrix products.</summary>
    [Theory]
    [InlineData(Precision.Int8, 2)]
    [InlineData(Precision.Int8, 4)]
    [InlineData(Precision.Int8, 9)]
    [InlineData(Precision.Fp8, 2)]
    [InlineData(Precision.Fp8, 4)]
    [InlineData(Precision.Fp8, 9)]
    public void Forward_Batch_AgreesWithTheSameWeights(Precision precision, int batch)
    {
        CudaTest.Require();
        using TinyModel tiny = TinyModel.Create(heads: 3, layers: 4, sparseLayers: 2);
        ModelTensors tensors = tiny.Tensors();
        using EightBitModel twin = new(tiny.Checkpoint, tensors, precision);
        using CpuModel cpu = twin.Engine();
        using CudaModel model = CudaModel.Load(tensors, new CudaModelOptions { Precision = precision, BesideLarge = Precision.F32 });
        float[][] expected = Decode(cpu, tiny, batch), found = Decode(model, tiny, batch);
        for (int i = 0; i < batch; i++)
            TensorAssert.Close(expected[i], found[i], CudaTolerances.F32, $"{precision}, sequence {i} of {batch}");
    }

    [Theory]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Fp8)]
    public void Forward_TrainedTexts_ChooseAsTheSameWeights(Precision precision)
    {
        CudaTest.Require();
        const int last = 96;
        using ModelFiles files = ModelFiles.Open(Repository.EmbeddedModel);
        ModelTensors tensors = ModelTensors.Read(files);
        using EightBitModel twin = new(files.Checkpoint, tensors, precision);
        using CpuModel cpu = twin.Engine();
        using CudaModel model = CudaTest.Load(tensors, precision);
        WorldTokenizer tokenizer = WorldTokenizer.Load(Repository.EmbeddedVocabulary);
        foreach (int span in (int[])[4096, 1])
        {
            ClearChoices choices = default;
            foreach (string name in TrainedTexts.Names)
            {
                int[] ids = tokenizer.Encode(TrainedTexts.Read(name));
                int v = model.Config.VocabSize;
                choices += ClearChoices.Of(Logits(cpu, ids, 4096).AsSpan(^(last * v)..), Logits(model, ids, span).AsSpan(^(last * v)..), v);
            }
            TestContext.Current.TestOutputHelper?.WriteLine($"{precision}, spans of {span}: {choices}");
            Assert.True(choices.AreKept, $"{precision}, spans of {span}: {choices}");
        }
    }

    [Fact]
    public void Load_Int8File_SameBitsAsQuantizedOnLoad()
    {
        CudaTest.Require();
        using TemporaryFolder folder = new();
        string int8 = Path.Combine(folder.Path, "int8");
        using GoldenCase golden = GoldenCase.Open("hybrid-window");
        RwkvXConfig config = golden.Config;
        ModelImporter.Import(golden.Files.Checkpoint.Path, int8, new ModelImportOptions { Precision = Precision.Int8, MobaChunkSize = config.MobaChunkSize, MobaTopK = config.MobaTopK });
        using ModelFiles file = ModelFiles.Open(int8);
        using CudaModel expected = CudaTest.Load(ModelTensors.Read(golden.Files), Precision.Int8), found = CudaTest.Load(ModelTensors.Read(file), Precision.Int8);
        Assert.Equal(expected.Engine.WeightBytes, found.Engine.WeightBytes);
        foreach (string schedule in (string[])["sequence", "1"])
        {
            using ScheduledRun one = ScheduledRun.Run(expected, golden.Tokens, schedule), other = ScheduledRun.Run(found, golden.Tokens, schedule);
            TensorAssert.SameBits(one.Logits, other.Logits, schedule);
        }
    }

    [Theory]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Fp8)]
    public void Engine_EightBits_CountsAByteAnElementAndFourARow(Precision precision)
    {
        using TinyModel tiny = TinyModel.Create(heads: 3, layers: 4, sparseLayers: 2);
        ModelTensors tensors = tiny.Tensors();
        using CudaModel wide = CudaTest.Load(tensors, Precision.BF16), narrow = CudaTest.Load(tensors, precision);
        Assert.Equal(wide.Engine.WeightBytes - tensors.Matrices.Sum(m => m.ElementCount - (4L * m.Shape[0])), narrow.Engine.WeightBytes);
        Assert.Equal(wide.StepElements, narrow.StepElements);
        Assert.Equal(precision, narrow.Engine.Precision);
    }

    [Theory]
    [InlineData(Precision.Int8, 1)]
    [InlineData(Precision.Fp8, 2)]
    public void Shape_EightBits_IsThatOfTheLargeMatricesAlone(Precision precision, int type)
    {
        using TinyModel tiny = TinyModel.Create(heads: 3, layers: 4, sparseLayers: 2);
        ModelTensors tensors = tiny.Tensors();
        ModelShape shape = CudaModel.Shape(tensors, new CudaModelOptions { Precision = precision }, 132);
        Assert.Equal((1, type, 2, 1), (shape.WeightType, shape.MatrixType, shape.ElementBytes, shape.MatrixBytes));
        Assert.Equal(3, shape.ValueColumns);
        ModelShape wide = CudaModel.Shape(tensors, new CudaModelOptions { Precision = Precision.F16 }, 132);
        Assert.Equal((2, 0, 2, 2), (wide.WeightType, wide.MatrixType, wide.ElementBytes, wide.MatrixBytes));
        Assert.Contains("Int8 or Fp8", Assert.Throws<ArgumentException>(() => CudaModel.Shape(tensors, new CudaModelOptions { Precision = (Precision)99 }, 132)).Message, StringComparison.Ordinal);
    }

    private static float[] Expected(GoldenCase golden, ModelTensors tensors, Precision precision)
    {
        using EightBitModel twin = new(golden.Files.Checkpoint, tensors, precision);
        using CpuModel cpu = twin.Engine();
        return Logits(cpu, golden.Tokens, golden.Tokens.Length);
    }

    private static float[] Logits(IRwkvXModel model, int[] tokens, int span)
    {
        using RwkvXState state = model.CreateState();
        return model.Logits(state, tokens, span);
    }

    /// <summary>The logits of 20 steps after prompts of different lengths.</summary>
    private static float[][] Decode(IRwkvXModel model, TinyModel tiny, int batch)
    {
        const int Steps = 20;
        int v = model.Config.VocabSize;
        RwkvXState[] states = [.. Enumerable.Range(0, batch).Select(_ => model.CreateState())];
        float[][] logits = [.. states.Select(_ => new float[Steps * v])];
        int[][] tokens = [.. Enumerable.Range(0, batch).Select(i => tiny.Tokens(Steps, seed: 100 + i))];
        for (int i = 0; i < batch; i++)
            model.Forward(states[i], tiny.Tokens(1 + (i * 13 % 70), seed: i), Memory<float>.Empty);
        for (int t = 0; t < Steps; t++)
            model.Forward([.. Enumerable.Range(0, batch).Select(i => new ForwardItem(states[i], tokens[i].AsMemory(t, 1), logits[i].AsMemory(t * v, v)))]);
        Array.ForEach(states, state => state.Dispose());
        return logits;
    }
}
