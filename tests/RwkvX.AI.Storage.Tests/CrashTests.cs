using System.Diagnostics;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Testing.Stores;
using Xunit;

namespace RwkvX.AI.Storage.Tests;

/// <summary>A child process works on a store, acknowledging each step, and is killed at a random instant.</summary>
/// <remarks>A few kills by default; RWKVX_TEST_CRASHES says how many.</remarks>
public sealed class CrashTests
{
    private static readonly int Crashes = int.TryParse(Environment.GetEnvironmentVariable("RWKVX_TEST_CRASHES"), out int count) ? count : 8;

    [Fact]
    public async Task Kill_AtAnyInstant_LosesNothingAcknowledged()
    {
        Random random = new(17);
        int steps = 0;
        for (int crash = 0; crash < Crashes; crash++)
        {
            using TestFolder folder = new();
            int acknowledged = RunAndKill(folder.Path, crash, TimeSpan.FromMilliseconds(random.Next(1, 400)));
            steps += acknowledged;
            await CheckAfter(folder.Path, crash, acknowledged);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{Crashes} kills after {steps} acknowledged steps");
        Assert.True(steps > Crashes, $"only {steps} steps were acknowledged before {Crashes} kills");
    }

    /// <summary>Starts the child, waits until it works, kills it some time after; returns how many steps it acknowledged.</summary>
    private static int RunAndKill(string root, int seed, TimeSpan after)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "RwkvX.AI.Storage.CrashChild.dll");
        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true, ArgumentList = { "exec", program, root, $"{seed}" } };
        using Process child = Process.Start(start)!;
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
    private static async Task CheckAfter(string root, int seed, int acknowledged)
    {
        StoreScript before = new(seed), after = new(seed);
        for (int step = 0; step < acknowledged; step++) before.Next();
        for (int step = 0; step <= acknowledged; step++) after.Next();
        await using IStateStore store = FileStateStore.Open(new FileStateStoreOptions { Root = root });
        Assert.Empty(await store.VerifyAsync());
        string[] names = [.. before.Twins.Keys.Union(after.Twins.Keys)];
        Assert.Empty((await store.ListAsync("t")).Select(info => info.Key.Name).Except(names));
        foreach (string name in names)
        {
            ConversationKey key = new("t", name);
            bool isBefore = await StoreCheck.IsTwin(store, key, before.Twins.GetValueOrDefault(name));
            bool isAfter = isBefore || await StoreCheck.IsTwin(store, key, after.Twins.GetValueOrDefault(name));
            Assert.True(isAfter, $"seed {seed}, {acknowledged} steps: {key} is neither as before nor as after the step under way");
        }
    }
}
