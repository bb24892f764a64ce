using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Testing.Memory;
using RwkvX.AI.Testing.Models;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>Conversations over the device whose states take turns in its memory, in main memory and in the store.</summary>
public sealed class MemoryTierTests
{
    private const int Chunk = 16, Conversations = 6, Rounds = 4;

    /// <summary>No room on the device once a step is over: every state comes back from the tier below, and holds what one does that never left.</summary>
    [Theory]
    [InlineData(1L << 30, RestoredFrom.Host)]
    [InlineData(0L, RestoredFrom.Store)]
    public async Task States_ThatLeaveTheDevice_ComeBackTheSame(long hostBytes, RestoredFrom tier)
    {
        CudaTest.Require();
        using TinyModel tiny = TinyModel.Create(heads: 2, layers: 4, sparseLayers: 2, chunkSize: Chunk, vocabulary: MemoryHarness.Vocabulary.VocabularySize);
        CudaModelOptions device = new() { Precision = Precision.F32 };
        using CudaModel model = CudaModel.Load(ModelTensors.Read(tiny.Checkpoint, Chunk, tiny.Config.MobaTopK), device);
        await using IStateStore store = InMemoryStateStore.Create(), whole = InMemoryStateStore.Create();
        using RwkvXMemory roomy = new(model, MemoryHarness.Vocabulary, whole, new RwkvXMemoryOptions { SnapshotTokens = 1 });
        using RwkvXMemory narrow = new(model, MemoryHarness.Vocabulary, store, new RwkvXMemoryOptions { ResidentBytes = 0, HostBytes = hostBytes, SnapshotTokens = 1 });
        int restored = 0;
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < Conversations; i++)
            {
                string text = TextOf(round, i);
                AppendResult result = await narrow.AppendAsync(KeyOf(i), text, new AppendOptions { CreateIfMissing = true }, Cancellation);
                await roomy.AppendAsync(KeyOf(i), text, new AppendOptions { CreateIfMissing = true }, Cancellation);
                if (round == 0) continue;
                Assert.Equal(tier, result.Restored.From);
                restored++;
            }

            Assert.Equal(0, narrow.ResidentBytes);
            Assert.Equal(hostBytes > 0, narrow.HostBytes > 0);
        }

        Assert.Equal((Rounds - 1) * Conversations, restored);
        for (int i = 0; i < Conversations; i++) Assert.Equal(await LogitsAsync(roomy, model, KeyOf(i)), await LogitsAsync(narrow, model, KeyOf(i)));
        TestContext.Current.TestOutputHelper?.WriteLine($"{restored} restored from {tier}; {narrow.HostBytes:N0} bytes in main memory at the end");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static ConversationKey KeyOf(int i) => new("t", $"c{i}");

    private static string TextOf(int round, int i) => string.Join(' ', Enumerable.Range(0, 60).Select(k => $"{(round + 3) * (i + 5) * (k + 17) * 7919 % 1000}"));

    /// <summary>(V) after one more token, from whichever tier the state is in.</summary>
    private static async Task<float[]> LogitsAsync(RwkvXMemory memory, CudaModel model, ConversationKey key)
    {
        await using ConversationEdit edit = await memory.States.BeginAsync(key, create: false, Cancellation);
        using RwkvXState state = edit.State.Fork();
        float[] logits = new float[model.Config.VocabSize];
        model.Forward(state, new[] { 7 }, logits);
        return logits;
    }
}
