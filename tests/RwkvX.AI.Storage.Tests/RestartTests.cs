using System.Diagnostics;
using System.Globalization;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Testing.Memory;
using Xunit;

namespace RwkvX.AI.Storage.Tests;

/// <summary>A conversation with the embedded model that is carried from process to process is, bit for bit, the one that was never interrupted.</summary>
/// <remarks>A few restarts by default; RWKVX_TEST_RESTARTS says how many.</remarks>
public sealed class RestartTests
{
    private static readonly int Restarts = int.TryParse(Environment.GetEnvironmentVariable("RWKVX_TEST_RESTARTS"), out int count) ? count : 4;

    [Theory]
    [InlineData("keep-all")]
    [InlineData("keep-budget:1048576")] // eight pages
    public async Task Talk_CutAtRandomPlaces_GoesOnBitIdentically(string retention)
    {
        Random random = new(5);
        List<int> cuts = [0];
        while (cuts.Count <= Restarts) cuts.Add(cuts[^1] + random.Next(1, 5));
        using TestFolder folder = new();
        await using LongTalk uninterrupted = await LongTalk.OpenAsync(InMemoryStateStore.Create(), RetentionPolicy.Parse(retention));
        for (int i = 0; i < Restarts; i++)
        {
            string[] lines = Run(folder.Path, cuts[i], cuts[i + 1], retention);
            Assert.Equal(cuts[i + 1] - cuts[i], lines.Length);
            foreach (string line in lines) Assert.Equal(await uninterrupted.StepAsync(int.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture)), line);
        }

        Assert.Equal(retention != "keep-all", await uninterrupted.DroppedPagesAsync() > 0);
    }

    private static string[] Run(string root, int from, int to, string retention)
    {
        using Process child = ChildProcess.Start("talk", root, $"{from}", $"{to}", retention);
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        Assert.Equal(0, child.ExitCode);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
