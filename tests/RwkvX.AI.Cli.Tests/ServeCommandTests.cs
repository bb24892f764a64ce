using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Cli.Tests;

/// <summary><c>rwkvx serve</c>: wrong usage in this process, serving and ending in one of its own.</summary>
public sealed class ServeCommandTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("nonsense", "http://ADDRESS:PORT")]
    [InlineData("https://127.0.0.1:1", "http://ADDRESS:PORT")]
    [InlineData("http://127.0.0.1:99999", "http://ADDRESS:PORT")]
    [InlineData("http://127.0.0.1:1/path", "http://ADDRESS:PORT")]
    [InlineData("http://0.0.0.0:0", "loopback")]
    [InlineData("http://*:0", "loopback")]
    [InlineData("http://192.168.0.7:0", "loopback")]
    [InlineData("http://127.0.0.1:0;http://[::]:0", "loopback")]
    public async Task Serve_WrongUrls_IsUsage(string urls, string expected) =>
        (await CliRun.Of("serve", "--urls", urls)).FailedWith(2, "--urls", expected, urls.Split(';')[^1]);

    [Fact]
    public async Task Serve_UrlInUse_FailsAndNamesTheFlag()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        string url = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        (await CliRun.Of("serve", "--urls", url)).FailedWith(1, "--urls", url, "in use");
    }

    [Fact]
    public async Task Serve_NoSuchModel_FailsAndNamesTheFlag() =>
        (await CliRun.Of("serve", "--model", "no-such-model", "--urls", "http://127.0.0.1:0")).FailedWith(1, "--model", "no-such-model");

    [Fact]
    public async Task Serve_RootIsAFile_FailsAndNamesTheFlag()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("file", "not a folder");
        (await CliRun.Of("serve", "--root", file, "--urls", "http://127.0.0.1:0")).FailedWith(1, "--root");
    }

    [Fact]
    public async Task Serve_AnswersThenEndsAtCtrlC_AndKeepsConversations()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "starting a process that takes interrupts, and sending one, is written for Linux");
        using TemporaryFolder folder = new();
        (string id, _) = await ServeOnceAsync(folder["store"], """{"messages":[{"role":"user","content":"Hi! My name is Leo."}],"temperature":0,"store":true}""");
        (string same, string text) = await ServeOnceAsync(folder["store"], $$"""{"messages":[{"role":"user","content":"What is my name?"}],"temperature":0,"conversation":"{{id}}"}""");
        Assert.Equal(id, same);
        Assert.Contains("Leo", text, StringComparison.Ordinal);
    }

    /// <summary>Starts the tool as people do, asks once, and interrupts it.</summary>
    private static async Task<(string Conversation, string Text)> ServeOnceAsync(string root, string body)
    {
        string tool = Path.Combine(AppContext.BaseDirectory, "rwkvx.dll");
        // A parent that ignores interrupts, as one in the background does, would hand that down.
        ProcessStartInfo start = new("env", ["--default-signal=INT", "dotnet", tool, "serve", "--urls", "http://127.0.0.1:0", "--root", root])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        try
        {
            string? line = await process.StandardOutput.ReadLineAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancel);
            Assert.NotNull(line);
            Assert.StartsWith($"{Repository.EmbeddedModelName} at http://127.0.0.1:", line, StringComparison.Ordinal);
            using HttpClient http = new() { BaseAddress = new Uri(line.Split(' ')[2] + "/") };
            using StringContent content = new(body, System.Text.Encoding.UTF8, "application/json");
            using HttpResponseMessage response = await http.PostAsync("chat/completions", content, Cancel);
            JsonElement answer = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
            Assert.True(response.IsSuccessStatusCode, answer.ToString());
            foreach (string check in (string[])["live", "ready"]) Assert.Equal("Healthy", await http.GetStringAsync($"/health/{check}", Cancel));

            using (Process kill = Process.Start("kill", ["-INT", $"{process.Id}"])) await kill.WaitForExitAsync(Cancel);
            await process.WaitForExitAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(60), Cancel);
            Assert.Equal((0, "", ""), (process.ExitCode, await process.StandardOutput.ReadToEndAsync(Cancel), await process.StandardError.ReadToEndAsync(Cancel)));
            return (answer.GetProperty("conversation").GetProperty("id").GetString()!, answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }
}
