using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Testing.Memory;
using Xunit;

namespace RwkvX.AI.Storage.Tests;

/// <summary>Any file of a memory's store loses its end, or finds it zeroed: what the memory then goes on from is what was logged, or an error says what is lost.</summary>
/// <remarks>Some cases by default; RWKVX_TEST_POWERCUTS says how many.</remarks>
public sealed class MemoryPowerCutTests
{
    private static readonly int Cases = int.TryParse(Environment.GetEnvironmentVariable("RWKVX_TEST_POWERCUTS"), out int count) ? count : 30;
    private int _whole, _lost, _recovered;

    [Fact]
    public async Task Memory_WithACutOrZeroedFile_NeverGoesOnFromAWrongState()
    {
        using TestFolder work = new(inMemory: true);
        Random random = new(29);
        string origin = Path.Combine(work.Path, "origin");
        Dictionary<string, MemoryTwin> twins = await MakeOrigin(origin);
        for (int i = 0; i < Cases; i++)
        {
            string root = Path.Combine(work.Path, "case");
            TestFolder.Copy(origin, root);
            string damage = FileDamage.Apply(root, random);
            await Check(root, twins, $"case {i}: {damage}");
            Directory.Delete(root, recursive: true);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{Cases} cases: {_whole} conversations whole, {_lost} lost turns reported, {_recovered} turns refused at damage and then recovered");
        Assert.True(_lost > 0, "no case lost a turn: the cases are too tame");
    }

    private static async Task<Dictionary<string, MemoryTwin>> MakeOrigin(string root)
    {
        string live = root + "-live";
        MemoryScript script = new(7);
        await using (MemoryHarness harness = Open(live))
        {
            for (int step = 0; step < 120; step++) await script.Next()(harness);
            TestFolder.Copy(live, root); // as a power cut finds it: open
        }

        Directory.Delete(live, recursive: true);
        return script.Twins;
    }

    private async Task Check(string root, Dictionary<string, MemoryTwin> twins, string what)
    {
        try
        {
            await using MemoryHarness probe = Open(root);
        }
        catch (StateCorruptException)
        {
            await FileStateStore.RebuildAsync(new FileStateStoreOptions { Root = root });
        }

        await using MemoryHarness harness = Open(root);
        foreach ((string name, MemoryTwin twin) in twins)
        {
            ConversationKey key = new("t", name);
            try
            {
                Assert.True(await MemoryCheck.IsTwin(harness, key, twin), $"{what}: {key} is not its twin");
                _whole++;
            }
            catch (LostTurnException)
            {
                _lost++;
                await harness.Memory.RecoverAsync(key);
                await MemoryCheck.StateIsOfItsLog(harness, key);
            }

            await AskAsync(harness, key);
            await MemoryCheck.StateIsOfItsLog(harness, key);
        }
    }

    /// <summary>A page that is damaged may fail the turn that looks at it, and that one only.</summary>
    private async Task AskAsync(MemoryHarness harness, ConversationKey key)
    {
        try
        {
            await harness.AskAsync(key, "And now?");
        }
        catch (StateCorruptException)
        {
            _recovered++;
            await harness.AskAsync(key, "And now?");
        }
    }

    private static MemoryHarness Open(string root) => MemoryHarness.Open(FileStateStore.Open(new FileStateStoreOptions { Root = root }));
}
