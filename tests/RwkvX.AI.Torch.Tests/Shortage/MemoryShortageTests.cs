using System.Runtime.CompilerServices;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Testing.Models;
using RwkvX.AI.Torch.Cuda;
using Xunit;

namespace RwkvX.AI.Torch.Tests.Shortage;

/// <summary>Memory that runs short on a device: by budgets, or where <see cref="CudaHandle.Taking"/> says so.</summary>
public sealed class MemoryShortageTests
{
    private const int Chunk = 16;

    private static int _count;

    public static TheoryData<string> Actions => [.. ShortageSubject.Actions.Keys];

    [Fact]
    public void Load_FailsHalfWay_GivesAllBack()
    {
        CudaTest.Require();
        NewRun().Load(step: 16);
    }

    [Theory]
    [MemberData(nameof(Actions))]
    public void Do_FailsHalfWay_LeavesAllAsItWas(string action)
    {
        CudaTest.Require();
        NewRun().Do(action, fresh: false);
    }

    [Fact]
    public void Load_NoRoomForAPage_GivesAllBackAndLoadsOnceThereIs()
    {
        CudaTest.Require();
        using TinyModel tiny = NewTiny();
        string before = Taken();
        CudaModelOptions options = ShortageSubject.Options();
        options.PageBudgetBytes = 0;
        Assert.Equal(0, Assert.Throws<DeviceMemoryException>(() => CudaModel.Load(Tensors(tiny), options)).BudgetBytes);
        Assert.Equal(before, Taken());
        options.PageBudgetBytes = 1 << 20;
        CudaModel.Load(Tensors(tiny), options).Dispose();
        Assert.Equal(before, Taken());
    }

    /// <summary>The head has no scales, which shows when all other weights are there.</summary>
    [Fact]
    public void Load_WrongFile_GivesAllBack()
    {
        CudaTest.Require();
        using TinyModel tiny = NewTiny();
        using MemoryCheckpoint wrong = new();
        wrong.Add("head.weight", TensorType.I8, [tiny.Config.VocabSize, tiny.Config.EmbeddingSize], new byte[tiny.Config.VocabSize * tiny.Config.EmbeddingSize]);
        string before = Taken();
        Assert.Throws<InvalidOperationException>(() => CudaModel.Load(Tensors(tiny) with { Head = wrong.Tensors["head.weight"] }, ShortageSubject.Options()));
        Assert.Equal(before, Taken());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public void Forward_PagesOfTheLastDoNotFit_LeavesAllAsTheyWere(int tokens)
    {
        CudaTest.Require();
        using TinyModel tiny = NewTiny();
        CudaModelOptions options = ShortageSubject.Options();
        using CudaModel roomy = CudaModel.Load(Tensors(tiny), options);
        long page = roomy.PageBytes(1), perState = roomy.PageBytes(2 * Chunk), needed = roomy.PageBytes((2 * Chunk) + tokens) - perState;
        options.PageBudgetBytes = page + (4 * perState) + (3 * needed) - page; // the model's own, four states, and all but one page that three of them need
        using CudaModel narrow = CudaModel.Load(Tensors(tiny), options);
        RwkvXState[] expected = Begun(roomy, tiny), found = Begun(narrow, tiny);
        DeviceMemoryException error = Assert.Throws<DeviceMemoryException>(() => Go(narrow, tiny, found[..3], tokens));
        Assert.Equal(("BUDGET", options.PageBudgetBytes), (error.ErrorName, error.BudgetBytes));
        TestContext.Current.TestOutputHelper?.WriteLine(error.Message);
        Assert.True(error.RequestedBytes >= page);
        Assert.Contains("DevicePageBytes", error.Message, StringComparison.Ordinal);
        Assert.All(found, state => Assert.Equal((2L * Chunk, perState, true), (state.TokenCount, state.PageBytes, state.IsValid)));
        found[3].Dispose(); // makes room
        Assert.Equal(Go(roomy, tiny, expected[..3], tokens), Go(narrow, tiny, found[..3], tokens));
        Array.ForEach([.. expected, .. found], state => state.Dispose());
    }

    [Fact]
    public void Range_ThatIsLeftToTheCollector_IsGivenBack()
    {
        CudaTest.Require();
        using CudaDevice device = new(0, null);
        Assert.SkipUnless(device.HasRanges, "the device has no ranges");
        string before = Taken();
        Leave(device);
        for (int i = 0; i < 10 && Taken() != before; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.Equal(before, Taken());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Leave(CudaDevice device)
    {
        string before = Taken();
        new DeviceRange(device, 1 << 30, "a range that is left").Grow(1);
        Assert.NotEqual(before, Taken());
    }

    private static string Taken() => $"{DeviceMemory.AllocatedBytes} bytes, {CudaHandle.AliveCount} handles{(FakeDriver.IsHere ? FakeDriver.Taken() : "")}";

    private static ShortageRun NewRun() => new(FailAt, () => _count, Taken, ShortageSubject.Options());

    private static void FailAt(int n)
    {
        _count = 0;
        CudaHandle.Taking = n == 0 ? null : () =>
        {
            if (Interlocked.Increment(ref _count) == n)
                throw new DeviceMemoryException("TEST", $"taking {n} fails");
        };
    }

    private static TinyModel NewTiny() => TinyModel.Create(sparseLayers: 1, chunkSize: Chunk);

    private static ModelTensors Tensors(TinyModel tiny) => ModelTensors.Read(tiny.Checkpoint, Chunk, tiny.Config.MobaTopK);

    /// <summary>Four states whose pages are full.</summary>
    private static RwkvXState[] Begun(CudaModel model, TinyModel tiny)
    {
        RwkvXState[] states = [.. Enumerable.Range(0, 4).Select(_ => model.CreateState())];
        foreach (RwkvXState state in states)
            model.Forward(state, tiny.Tokens(2 * Chunk), Memory<float>.Empty);
        return states;
    }

    /// <summary>(states, V)</summary>
    private static float[] Go(CudaModel model, TinyModel tiny, RwkvXState[] states, int tokens)
    {
        int v = model.Config.VocabSize;
        float[] logits = new float[states.Length * v];
        model.Forward([.. states.Select((state, i) => new ForwardItem(state, tiny.Tokens(tokens, seed: 7 + i), logits.AsMemory(i * v, v)))]);
        return logits;
    }
}
