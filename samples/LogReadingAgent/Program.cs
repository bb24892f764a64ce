// An agent that reads a long log over several runs of the process, and still answers about its beginning.
//   dotnet run --project samples/LogReadingAgent                      three runs over a made-up log, each a process of its own
//   dotnet run --project samples/LogReadingAgent ROOT LOG LINES       one run: reads the next LINES lines of LOG into the store in ROOT
//   dotnet run --project samples/LogReadingAgent ROOT LOG 0 QUESTION  asks
using System.Diagnostics;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using RwkvX.AI.Memory;

if (args is [string root, string log, string count, .. string[] questions] && int.TryParse(count, out int lines)) return await RunAsync(root, log, lines, questions);
if (args.Length > 0)
{
    Console.Error.WriteLine("expected ROOT LOG LINES [QUESTION...] or nothing");
    return 2;
}

DirectoryInfo folder = Directory.CreateTempSubdirectory("rwkvx-log-");
try
{
    string made = Path.Combine(folder.FullName, "building.log"), store = Path.Combine(folder.FullName, "store");
    File.WriteAllLines(made, MadeUpLog.Lines(360));
    for (int run = 0; run < 3; run++) await StartAsync(store, made, "130");
    string answers = await StartAsync([store, made, "0", .. MadeUpLog.Notes.Select(note => note.Question)]);
    int right = MadeUpLog.Notes.Count(note => answers.Contains(note.Answer, StringComparison.OrdinalIgnoreCase));
    Console.WriteLine($"{right} of {MadeUpLog.Notes.Count} notes from the log's beginning right");
    return right * 2 > MadeUpLog.Notes.Count ? 0 : 1; // the embedded model's recall is patchy: its card says how much
}
finally
{
    folder.Delete(recursive: true);
}

// One run of the process: the store in the folder is all that it has from those before.
static async Task<int> RunAsync(string root, string log, int lines, string[] questions)
{
    long begun = Stopwatch.GetTimestamp();
    ServiceCollection services = new();
    services.AddRwkvXStorage(root).AddRwkvXAgentSessionStore().AddRwkvX();
    await using ServiceProvider provider = services.BuildServiceProvider();
    LogReader reader = new(provider.GetRequiredService<IRwkvXMemory>(), provider.GetRequiredService<IChatClient>(), provider.GetRequiredService<AgentSessionStore>());
    (int before, int now) = await reader.ReadAsync(log, lines);
    Console.WriteLine($"process {Environment.ProcessId}: {before} lines known, {now - before} read");
    foreach (string question in questions)
    {
        AgentResponse answer = await reader.AskAsync(log, question);
        Console.WriteLine($"? {question}\n> {answer.Text}  [{answer.Usage?.CachedInputTokenCount:N0} tokens known, {answer.Usage?.InputTokenCount - answer.Usage?.CachedInputTokenCount} read]");
    }

    Console.WriteLine($"  {Stopwatch.GetElapsedTime(begun).TotalSeconds:F1} s");
    return 0;
}

// Starts this program again and shows what it writes.
static async Task<string> StartAsync(params string[] arguments)
{
    ProcessStartInfo start = new(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true };
    using Process process = Process.Start(start)!;
    string output = await process.StandardOutput.ReadToEndAsync();
    await process.WaitForExitAsync();
    Console.Write(output);
    return process.ExitCode == 0 ? output : throw new InvalidOperationException($"a run ended with {process.ExitCode}");
}
