using System.Globalization;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Testing.Memory;
using Xunit;

namespace RwkvX.AI.Storage.Tests;

/// <summary>Many conversations of several tenants at once, with room for few of their states.</summary>
/// <remarks>Two seconds by default; RWKVX_TEST_MEMORY_SOAK says how many.</remarks>
public sealed class MemorySoakTests
{
    private static readonly TimeSpan Time =
        TimeSpan.FromSeconds(double.TryParse(Environment.GetEnvironmentVariable("RWKVX_TEST_MEMORY_SOAK"), CultureInfo.InvariantCulture, out double seconds) ? seconds : 2);

    [Fact]
    public async Task Conversations_OfFourTenantsUnderConstantEviction_AreTheirTwins()
    {
        using TestFolder folder = new(inMemory: true);
        using InstrumentSum evictions = new("rwkvx.memory.evictions"), restores = new("rwkvx.memory.restores"), replayed = new("rwkvx.memory.replayed_tokens");
        await using MemoryHarness harness = MemoryHarness.Open(FileStateStore.Open(new FileStateStoreOptions { Root = folder.Path }), residentBytes: 40_000);
        long operations = await MemorySoak.Run(harness, threads: 16, tenants: 4, conversations: 200, Time, atLeast: 1500, seed: 3); // fewer never fill the room for states
        TestContext.Current.TestOutputHelper?.WriteLine($"{operations} operations in {Time.TotalSeconds} s and the check of all, {evictions.Value} evictions, {restores.Value} restores, {replayed.Value} tokens replayed");
        Assert.True(evictions.Value > operations / 10, $"only {evictions.Value} evictions in {operations} operations");
    }

    [Fact]
    public async Task Conversations_WhoseStatesGoUpAndDownAllTheTime_AreTheirTwins()
    {
        using InstrumentSum down = new("rwkvx.memory.evictions", "memory"), forgotten = new("rwkvx.memory.evictions", "host"), up = new("rwkvx.memory.restores", "host");
        using InstrumentSum resident = new("rwkvx.memory.resident", "host");
        await using (MemoryHarness harness = MemoryHarness.Open(InMemoryStateStore.Create(), residentBytes: 12_000, hostBytes: 2_000_000))
        {
            long operations = await MemorySoak.Run(harness, threads: 16, tenants: 2, conversations: 40, Time, atLeast: 1500, seed: 5);
            TestContext.Current.TestOutputHelper?.WriteLine($"{operations} operations, {down.Value} states down, {up.Value} up again, {forgotten.Value} left to the store, {harness.Bytes} bytes at the end");
            Assert.True(up.Value > 50, $"only {up.Value} states came back in {operations} operations"); // a share of them falls as conversations grow
            Assert.True(forgotten.Value > operations / 100, $"only {forgotten.Value} states left main memory in {operations} operations");
            Assert.InRange(harness.Bytes.Host, 1, 2_000_000);
        }

        Assert.Equal(0, resident.Value); // nobody else in this process has such a tier
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100_000)]
    public async Task Conversations_OfAFewNames_AreTheirTwins(long hostBytes)
    {
        await using MemoryHarness harness = MemoryHarness.Open(InMemoryStateStore.Create(), residentBytes: 8_000, hostBytes: hostBytes);
        await MemorySoak.Run(harness, threads: 16, tenants: 2, conversations: 4, Time / 2, atLeast: 100, seed: 4);
    }
}
