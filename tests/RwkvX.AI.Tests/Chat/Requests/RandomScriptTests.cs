using Xunit;

namespace RwkvX.AI.Tests.Chat.Requests;

public sealed class RandomScriptTests
{
    /// <summary>The bar is 10,000 scripts: <c>RWKVX_SCRIPTS=10000</c>. Without it, 300.</summary>
    [Fact]
    public async Task Scripts_OfCancelStormsSlowReadersAndStops_LeaveNothingBehind()
    {
        int scripts = int.TryParse(Environment.GetEnvironmentVariable("RWKVX_SCRIPTS"), out int given) ? given : 300;
        Dictionary<string, int> ends = [];
        for (int seed = 0; seed < scripts; seed++)
        {
            try
            {
                using RandomScript script = new(seed);
                foreach ((string end, int count) in await script.RunAsync())
                {
                    ends[end] = ends.GetValueOrDefault(end) + count;
                }
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"script {seed}: {e.Message}", e);
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{scripts} scripts: {string.Join(", ", ends.Select(end => $"{end.Value} {end.Key}"))}");
        foreach (string end in new[] { "answered", "left", "cancelled", "RwkvXOverloadedException", "RwkvXStoppingException", "ObjectDisposedException" })
        {
            Assert.True(ends.GetValueOrDefault(end) > 0, $"no request was {end}: the scripts do not reach it");
        }
    }
}
