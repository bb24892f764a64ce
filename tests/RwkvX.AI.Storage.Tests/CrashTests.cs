using System.Diagnostics;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Testing.Memory;
using RwkvX.AI.Testing.Stores;
using Xunit;

namespace RwkvX.AI.Storage.Tests;

/// <summary>A child process works on a store, by itself or through the memory, acknowledging each step, and is killed at a random instant.</summary>
/// <remarks>A few kills by default; RWKVX_TEST_CRASHES says how many.</remarks>
public sealed class CrashTests
{
    private static readonly int Crashes = int.TryParse(Environment.GetEnvironmentVariable("RWKVX_TEST_CRASHES"), out int count) ? count : 6;

    [Fact]
    public Task Kill_OfAStoreAtAnyInstant_LosesNothingAcknowledged() => KillAll("store", CheckStore);

    [Fact]
    public Task Kill_OfAMemoryAtAnyInstant_LosesNothingAcknowledged() => KillAll("memory", CheckMemory);

    private static async Task KillAll(string kind, Func<string, int, int, Task> check)
    {
        Random random = new(17);
        int steps = 0;
        for (int crash = 0; crash < Crashes; crash++)
        {
            using TestFolder folder = new();
            int acknowledged = RunAndKill(kind, folder.Path, crash, TimeSpan.FromMilliseconds(random.Next(1, 400)));
            steps += acknowledged;
            await check(folder.Path, crash, acknowledged);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{Crashes} kills after {steps} acknowledged steps");
        Assert.True(steps > Crashes, $"only {steps} steps were acknowledged before {Crashes} kills");
    }

    /// <summary>Starts the child, waits until it works, kills it some time after; returns how many steps it acknowledged.</summary>
    private static int RunAndKill(string kind, string root, int seed, TimeSpan after)
    {
        using Process child = ChildProcess.Start(kind, root, $"{seed}");
        int acknowledged = child.StandardOutput.BaseStream.ReadByte() < 0 ? 0 : 1;
        Thread.Sleep(after);
        child.Kill(); // SIGKILL on Unix
        byte[] buffer = new byte[4096];
        for (int read; (read = child.StandardOutput.BaseStream.Read(buffer)) > 0;) acknowledged += read;
        child.WaitForExit();
        Assert.True(acknowledged > 0, "the child acknowledged nothing");
        return acknowledged;
    }

    /// <summary>Each conversation is as after the acknowledged steps, or as after the one that was under way.</summary>
    private static async Task CheckStore(string root, int seed, int acknowledged)
    {
        StoreScript before = new(seed), after = new(seed);
        for (int step = 0; step < acknowledged; step++) before.Next();
        for (int step = 0; step <= acknowledged; step++) after.Next();
        await using IStateStore store = FileStateStore.Open(new FileStateStoreOptions { Root = root });
        Assert.Empty(await store.VerifyAsync());
        await CheckAll(store, before.Twins, after.Twins, $"seed {seed}, {acknowledged} steps", (key, twin) => StoreCheck.IsTwin(store, key, twin));
    }

    /// <summary>The same, and each conversation goes on.</summary>
    private static async Task CheckMemory(string root, int seed, int acknowledged)
    {
        MemoryScript before = new(seed), after = new(seed);
        for (int step = 0; step < acknowledged; step++) before.Next();
        for (int step = 0; step <= acknowledged; step++) after.Next();
        await using MemoryHarness harness = MemoryHarness.Open(FileStateStore.Open(new FileStateStoreOptions { Root = root }));
        Assert.Empty(await harness.Memory.VerifyAsync());
        await CheckAll(harness.Store, before.Twins, after.Twins, $"seed {seed}, {acknowledged} steps", (key, twin) => MemoryCheck.IsTwin(harness, key, twin));
        foreach (ConversationInfo info in await harness.Memory.ListAsync("t"))
        {
            await harness.AskAsync(info.Key, "And now?");
            await MemoryCheck.StateIsOfItsLog(harness, info.Key);
        }
    }

    private static async Task CheckAll<T>(
        IStateStore store, Dictionary<string, T> before, Dictionary<string, T> after, string what, Func<ConversationKey, T?, Task<bool>> isTwin)
        where T : class
    {
        string[] names = [.. before.Keys.Union(after.Keys)];
        Assert.Empty((await store.ListAsync("t")).Select(info => info.Key.Name).Except(names));
        foreach (string name in names)
        {
            ConversationKey key = new("t", name);
            bool isBefore = await isTwin(key, before.GetValueOrDefault(name));
            bool isAfter = isBefore || await isTwin(key, after.GetValueOrDefault(name));
            Assert.True(isAfter, $"{what}: {key} is neither as before nor as after the step under way");
        }
    }
}
