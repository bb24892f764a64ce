using Xunit;

namespace RwkvX.AI.Cli.Tests;

/// <summary>What <c>rwkvx train run</c> refuses before it loads anything.</summary>
public sealed class TrainRunCommandTests
{
    [Theory]
    [InlineData("cpu", "2", "--devices: expected --device cuda, found cpu")]
    [InlineData("cuda", "3", "stage short: accumulate: expected a multiple of the 3 devices that share a step's batches, found 2")]
    [InlineData("cuda", "0", "--devices: expected at least 1, found 0")]
    public async Task Run_DevicesThatCannotBe_SaysWhy(string device, string devices, string message)
    {
        using TemporaryFolder folder = new();
        string plan = folder.Write("plan.json", """
            {
              "model": { "new": { "n_embd": 64, "n_layer": 1, "n_moba_layer": 1, "vocab_size": 300 } },
              "stages": [{ "name": "short", "length": 8, "batch": 1, "accumulate": 2, "tokens": 16, "learning_rate": 1e-3, "final_learning_rate": 1e-3, "data": [{ "shards": ["none.rwkvtok"] }] }]
            }
            """);
        CliRun run = await CliRun.Of("train", "run", plan, "--out", folder["run"], "--device", device, "--devices", devices);
        run.FailedWith(devices == "0" ? 2 : 1, message);
    }
}
