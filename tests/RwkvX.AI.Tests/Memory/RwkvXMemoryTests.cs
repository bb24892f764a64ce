using System.Text;
using Microsoft.Extensions.AI;
using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Testing;
using RwkvX.AI.Tests.Tokenization;
using RwkvX.AI.Tokenization;
using Xunit;

namespace RwkvX.AI.Tests.Memory;

/// <summary>The memory over a model whose state is its history: what a conversation holds can be read off it.</summary>
public sealed class RwkvXMemoryTests : IDisposable
{
    private static readonly WorldTokenizer Vocabulary = Vocabularies.Embedded;
    private static readonly ConversationKey Key = new("t", "c");
    private readonly ScriptedModel _model = ScriptedModel.Hashing(Vocabularies.Embedded.VocabularySize);
    private readonly IStateStore _store = InMemoryStateStore.Create();
    private RwkvXMemory _memory;

    public RwkvXMemoryTests() => _memory = NewMemory();

    public void Dispose() => _memory.Dispose();

    [Fact]
    public async Task Append_TextsAndMessages_ReadsThemAsTheTemplateWritesThem()
    {
        await _memory.CreateAsync(Key);
        AppendResult first = await _memory.AppendAsync(Key, "  The sky\r\nis grey.\n\nUser: no\n", new AppendOptions { Name = "sky.txt" });
        await _memory.AppendAsync(Key, new MemoryStream(Encoding.UTF8.GetBytes("\ufeffThe sea too.")));
        AppendResult last = await _memory.AppendAsync(Key, [new ChatMessage(ChatRole.User, "Why?"), new ChatMessage(ChatRole.Assistant, "Rain.")]);
        Assert.Equal(
            "Document:\n  The sky\nis grey.\n\n    User: no\n\nDocument:\nThe sea too.\n\nUser: Why?\n\nAssistant: Rain.\n\n",
            Vocabulary.Decode(await History(Key)));
        IReadOnlyList<TranscriptEntry> transcript = await _memory.TranscriptAsync(Key);
        Assert.Equal(["  The sky\r\nis grey.\n\nUser: no\n", "The sea too.", "Why?", "Rain."], transcript.Select(entry => entry.Text));
        Assert.Equal("sky.txt", transcript[0].Name);
        Assert.Equal(RestoredFrom.Nothing, first.Restored.From);
        Assert.Equal(RestoredFrom.Memory, last.Restored.From);
        MemoryStats stats = await _memory.StatAsync(Key);
        Assert.Equal((last.Head, 1, 2), (stats.Stored.Info.Head, stats.Stored.Info.Turns, stats.Stored.Info.Documents));
        Assert.True(stats.ResidentBytes > 0);
    }

    [Fact]
    public async Task Append_InAnotherProcess_GoesOnFromTheStore()
    {
        await Fill(Key, 40);
        int[] before = await History(Key);
        Reopen();
        long computed = _model.ComputedTokens;
        AppendResult result = await _memory.AppendAsync(Key, "More.");
        Assert.Equal(RestoredFrom.Store, result.Restored.From);
        Assert.Equal(result.Tokens + result.Restored.ReplayedTokens, _model.ComputedTokens - computed);
        Assert.InRange(result.Restored.ReplayedTokens, 0, 127);
        Assert.Equal((int[])[.. before, .. Vocabulary.Encode("Document:\nMore.\n\n")], await History(Key));
    }

    [Fact]
    public async Task Append_Cancelled_LeavesTheConversationAsItWas()
    {
        await Fill(Key, 3);
        LogPosition head = (await _memory.StatAsync(Key)).Stored.Info.Head;
        using CancellationTokenSource source = new();
        int passes = _model.Passes;
        _model.OnPass = pass =>
        {
            if (pass == passes + 2) source.Cancel();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _memory.AppendAsync(Key, new string('x', 5000), null, source.Token));
        _model.OnPass = null;
        Assert.Equal(head, (await _memory.StatAsync(Key)).Stored.Info.Head);
        Assert.Equal(RestoredFrom.Memory, (await _memory.AppendAsync(Key, "y")).Restored.From);
        Assert.Equal(1, _model.LiveStates); // the one that is kept
    }

    [Fact]
    public async Task Append_ToAMissingConversation_IsATypedErrorOrMakesIt()
    {
        await Assert.ThrowsAsync<ConversationNotFoundException>(async () => await _memory.AppendAsync(Key, "x"));
        await _memory.AppendAsync(Key, "x", new AppendOptions { CreateIfMissing = true });
        Assert.Single(await _memory.ListAsync("t"));
        Assert.Empty(await _memory.ListAsync("u"));
    }

    [Fact]
    public async Task Append_WithProgress_SaysHowFarItIs()
    {
        List<AppendProgress> reports = [];
        AppendResult result = await _memory.AppendAsync(Key, new string('x', 3000), new AppendOptions { CreateIfMissing = true, Progress = new Sink(reports) });
        Assert.Equal(result.Tokens, reports[^1].Tokens);
        Assert.All(reports, report => Assert.Equal(result.Tokens, report.TotalTokens));
        Assert.Equal(reports.Select(report => report.Tokens).Order(), reports.Select(report => report.Tokens));
        Assert.True(reports.Count > 2);
    }

    [Fact]
    public async Task Fork_OfAConversationInUse_RunsNothingAndGoesItsOwnWay()
    {
        await Fill(Key, 5);
        int[] before = await History(Key);
        long computed = _model.ComputedTokens;
        ConversationKey fork = new("t", "fork");
        await _memory.ForkAsync(Key, fork);
        Assert.Equal(computed, _model.ComputedTokens);
        AppendResult result = await _memory.AppendAsync(fork, "Mine.");
        Assert.Equal((RestoredFrom.Memory, result.Tokens), (result.Restored.From, _model.ComputedTokens - computed));
        Assert.Equal(before, await History(Key));
        Assert.Equal((int[])[.. before, .. Vocabulary.Encode("Document:\nMine.\n\n")], await History(fork));
    }

    [Fact]
    public async Task Rewind_ToALabel_ForgetsWhatCameAfter()
    {
        await Fill(Key, 2);
        int[] before = await History(Key);
        await _memory.CheckpointAsync(Key, "here");
        await Fill(Key, 2);
        await _memory.RewindAsync(Key, "here");
        Assert.Equal(before, await History(Key));
        AppendResult result = await _memory.AppendAsync(Key, "Again.");
        Assert.Equal(RestoredFrom.Memory, result.Restored.From);
        await Assert.ThrowsAsync<ConversationNotFoundException>(async () => await _memory.RewindAsync(Key, "there"));
        ConversationKey fork = new("t", "fork");
        await _memory.ForkAsync(Key, fork, "here");
        Assert.Equal(before, await History(fork));
    }

    [Fact]
    public async Task Share_WithATenant_LetsItForkAndNothingElse()
    {
        await Fill(Key, 2);
        ConversationKey mine = new("u", "mine");
        await Assert.ThrowsAsync<ConversationNotFoundException>(async () => await _memory.ForkAsync(Key, mine));
        await _memory.ShareAsync(Key, "u");
        await _memory.ForkAsync(Key, mine);
        Assert.Equal(await History(Key), await History(mine));
        Assert.Equal(RestoredFrom.Memory, (await _memory.AppendAsync(mine, "x")).Restored.From);
        await _memory.UnshareAsync(Key, "u");
        await Assert.ThrowsAsync<ConversationNotFoundException>(async () => await _memory.ForkAsync(Key, new ConversationKey("u", "again")));
        await Assert.ThrowsAsync<ConversationNotFoundException>(async () => await _memory.TranscriptAsync(new ConversationKey("u", "c")));
    }

    [Fact]
    public async Task Delete_ThenMadeAnew_IsEmpty()
    {
        await Fill(Key, 3);
        Assert.True((await _memory.DeleteAsync(Key)).BytesRemoved > 0);
        Assert.Equal((0, 0L), (_model.LiveStates, _memory.ResidentBytes));
        await Assert.ThrowsAsync<ConversationNotFoundException>(async () => await _memory.StatAsync(Key));
        AppendResult result = await _memory.AppendAsync(Key, "x", new AppendOptions { CreateIfMissing = true });
        Assert.Equal(result.Tokens, result.Head.Tokens);
    }

    [Fact]
    public async Task Budget_TooSmall_RebuildsFromTheStoreEachTime()
    {
        _memory.Dispose();
        _memory = NewMemory(new RwkvXMemoryOptions { ResidentBytes = 1, SnapshotTokens = 50 });
        await Fill(Key, 20);
        Assert.Equal(0, _model.LiveStates);
        AppendResult result = await _memory.AppendAsync(Key, "x");
        Assert.Equal(RestoredFrom.Store, result.Restored.From);
        Assert.InRange(result.Restored.ReplayedTokens, 0, 49);
    }

    [Fact]
    public void Budgets_NotSaid_FollowFromWhereTheEnginesStatesLie()
    {
        RwkvXMemoryOptions options = new();
        EngineInfo onDevice = _model.Engine with { DeviceStateBytes = 4000 };
        long eighth = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8;
        Assert.Equal((eighth, 0L), (options.EffectiveResidentBytes(_model.Engine), options.EffectiveHostBytes(_model.Engine)));
        Assert.Equal((1000L, eighth), (options.EffectiveResidentBytes(onDevice), options.EffectiveHostBytes(onDevice)));
        options = new RwkvXMemoryOptions { ResidentBytes = 5, HostBytes = 6 };
        Assert.Equal((5L, 6L), (options.EffectiveResidentBytes(onDevice), options.EffectiveHostBytes(_model.Engine)));
        Assert.Throws<ArgumentOutOfRangeException>(() => NewMemory(new RwkvXMemoryOptions { HostBytes = -1 }));
    }

    [Fact]
    public async Task Rebuild_UnderAnotherModel_ReadsTheTranscript()
    {
        await Fill(Key, 3);
        int[] before = await History(Key);
        ScriptedModel other = new(Vocabulary.VocabularySize, (_, _) => { }) { ModelHash = "other" };
        using RwkvXMemory memory = new(other, Vocabulary, _store);
        WrongModelException error = await Assert.ThrowsAsync<WrongModelException>(async () => await memory.AppendAsync(Key, "x"));
        Assert.Contains("RebuildAsync", error.Message, StringComparison.Ordinal);
        ConversationKey target = new("t", "new");
        AppendResult result = await memory.RebuildAsync(error.Key, target);
        Assert.Equal(before.Length, result.Tokens);
        Assert.Equal((await _memory.TranscriptAsync(Key)).Select(entry => entry.Text), (await memory.TranscriptAsync(target)).Select(entry => entry.Text));
    }

    [Fact]
    public async Task Export_Imported_GoesOnTheSame()
    {
        await Fill(Key, 30);
        using MemoryStream file = new();
        await _memory.ExportAsync(Key, file);
        file.Position = 0;
        ConversationKey copy = new("u", "copy");
        await _memory.ImportAsync(file, copy);
        Assert.Equal(RestoredFrom.Store, (await _memory.AppendAsync(copy, "x")).Restored.From);
        await _memory.AppendAsync(Key, "x");
        Assert.Equal(await History(Key), await History(copy));
        Assert.Empty(await _memory.VerifyAsync());
    }

    [Fact]
    public async Task Writers_FailFast_SayThatTheConversationIsTaken()
    {
        _memory.Dispose();
        _memory = NewMemory(new RwkvXMemoryOptions { Writers = LeaseMode.FailFast });
        await Fill(Key, 1);
        using ManualResetEventSlim entered = new(false), mayGoOn = new(false);
        _model.OnPass = _ =>
        {
            entered.Set();
            mayGoOn.Wait();
        };
        Task<AppendResult> first = _memory.AppendAsync(Key, "x").AsTask();
        entered.Wait(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<ConversationLockedException>(async () => await _memory.AppendAsync(Key, "y"));
        mayGoOn.Set();
        await first;
    }

    [Fact]
    public async Task Document_InParts_IsCutAtLinesAndReadWhole()
    {
        string text = string.Concat(Enumerable.Range(0, 50).Select(i => $"line {i}\n")) + "\U0001F600";
        List<string> parts = [];
        await foreach (string part in DocumentParts.ReadAsync(new StringReader(text), 64, TestContext.Current.CancellationToken)) parts.Add(part);
        Assert.Equal(text, string.Concat(parts));
        Assert.All(parts.SkipLast(1), part => Assert.EndsWith("\n", part, StringComparison.Ordinal));
        Assert.All(parts, part => Assert.InRange(part.Length, 1, 64));
    }

    private RwkvXMemory NewMemory(RwkvXMemoryOptions? options = null) => new(_model, Vocabulary, _store, options);

    private void Reopen()
    {
        _memory.Dispose();
        _memory = NewMemory();
    }

    /// <summary>Twelve tokens or so a time.</summary>
    private async Task Fill(ConversationKey key, int times)
    {
        for (int i = 0; i < times; i++) await _memory.AppendAsync(key, [new ChatMessage(ChatRole.User, $"Item {i} of the list.")], new AppendOptions { CreateIfMissing = true });
    }

    /// <summary>The tokens that a conversation's state has consumed.</summary>
    private async Task<int[]> History(ConversationKey key)
    {
        await using ConversationEdit edit = await _memory.States.BeginAsync(key, create: false, TestContext.Current.CancellationToken);
        return ((ScriptedState)edit.State).History.ToArray();
    }

    private sealed class Sink(List<AppendProgress> reports) : IProgress<AppendProgress>
    {
        public void Report(AppendProgress value) => reports.Add(value);
    }
}
