using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;

namespace RwkvX.AI.Cli;

/// <summary>A conversation on the console.</summary>
/// <param name="host">The console.</param>
/// <param name="client">The model.</param>
/// <param name="options">How to answer.</param>
/// <param name="messages">What comes before the first question.</param>
internal sealed class ChatConversation(CliHost host, RwkvXChatClient client, ChatOptions options, List<ChatMessage> messages)
{
    private UsageDetails _usage = new();
    private double _readSeconds, _writeSeconds;

    /// <summary>Asks and answers until the input ends or the person leaves.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        bool isPerson = host.IsInteractive && host.IsOutTerminal;
        if (isPerson) await host.Out.WriteLineAsync("Say something. /stats: what is remembered; /exit: end.");
        while (true)
        {
            if (isPerson) await host.Out.WriteAsync("> ");
            string? line = await host.In.ReadLineAsync(cancellationToken);
            if (line is null or "/exit" or "/quit") return;
            if (string.IsNullOrWhiteSpace(line)) continue;
            if (line.StartsWith('/')) WriteCommand(line.Trim());
            else await AskAsync(line, cancellationToken);
        }
    }

    /// <summary>Asks once and writes the answer as it comes.</summary>
    public async Task AskAsync(string question, CancellationToken cancellationToken)
    {
        messages.Add(new ChatMessage(ChatRole.User, question));
        StringBuilder answer = new();
        long begun = Stopwatch.GetTimestamp();
        double? first = null;
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(messages, options, cancellationToken))
        {
            first ??= Stopwatch.GetElapsedTime(begun).TotalSeconds;
            foreach (UsageContent usage in update.Contents.OfType<UsageContent>()) _usage = usage.Details;
            answer.Append(update.Text);
            await host.Out.WriteAsync(update.Text);
            await host.Out.FlushAsync(cancellationToken);
        }

        await host.Out.WriteLineAsync();
        _readSeconds = first ?? 0;
        _writeSeconds = Stopwatch.GetElapsedTime(begun).TotalSeconds - _readSeconds;
        messages.Add(new ChatMessage(ChatRole.Assistant, answer.ToString()));
    }

    private void WriteCommand(string command)
    {
        if (command == "/stats") WriteStats();
        else host.Out.WriteLine("commands: /stats, /exit");
    }

    private void WriteStats()
    {
        long input = _usage.InputTokenCount ?? 0, cached = _usage.CachedInputTokenCount ?? 0, output = _usage.OutputTokenCount ?? 0;
        Report report = new();
        report.Add("tokens remembered", $"{input + output}");
        report.Add("last turn", $"{cached} tokens already known, {input - cached} read, {output} written");
        report.Add("state bytes", $"{client.StateBytes:N0}");
        report.Add("tokens/s", $"{Rate(output, _writeSeconds)} writing, {Rate(input - cached, _readSeconds)} reading");
        report.Write(host);
    }

    private static string Rate(long tokens, double seconds) =>
        seconds > 0 ? (tokens / seconds).ToString("F0", CultureInfo.InvariantCulture) : "-";
}
