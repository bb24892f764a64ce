// Reads a long document, asks about what was said near its start, and shows what a long memory costs.
//   dotnet run --project samples/LongMemoryChat [FILE]
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Models;
using RwkvX.AI.Prompts;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args.Length > 1 || args is ["--help" or "-h"])
{
    Console.WriteLine("LongMemoryChat [FILE]\nReads FILE (without one: this project's docs) with a few planted notes, and asks for them.");
    return args.Length > 1 ? 2 : 0;
}

string text;
try
{
    text = LongDocument.Load(args.FirstOrDefault());
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
{
    Console.Error.WriteLine($"{args[0]}: expected a text file: {e.Message}");
    return 1;
}

Console.WriteLine("Planted near the start of the document:");
foreach (PlantedNote note in PlantedNote.All) Console.WriteLine($"  {note.Text}");

using RwkvXChatClient client = new(); // device auto: a GPU where the engine for it is there
EngineInfo engine = client.GetService<IRwkvXModel>()!.Engine;
Console.WriteLine($"\nRunning on {engine.Device}: {engine.Description}");
ChatOptions greedy = new() { Temperature = 0, MaxOutputTokens = 40 };
Conversation conversation = new(client, new ChatMessage(ChatRole.User, text).AsDocument(), greedy);

// The first question pays for the document; the others find its state.
Console.WriteLine($"Reading {text.Length:N0} characters, then asking ...\n");
int right = 0;
long read = 0, written = 0;
TimeSpan reading = default, writing = default;
Turn? last = null;
foreach (PlantedNote note in PlantedNote.All)
{
    Console.Write($"? {note.Question}\n> ");
    last = await conversation.AskAsync(note.Question, remember: false);
    bool isRight = last.Response.Text.Contains(note.Answer, StringComparison.OrdinalIgnoreCase);
    right += isRight ? 1 : 0;
    Console.WriteLine($"\n  {(isRight ? "right" : "wrong")}: {note.Text}  [{last.Known:N0} tokens known, {last.Read:N0} read, {last.Total.TotalSeconds:F2} s]\n");
    (read, written, reading, writing) = (read + last.Read, written + last.Written, reading + last.UntilFirstText, writing + last.Total - last.UntilFirstText);
}

Console.WriteLine($"{right} of {PlantedNote.All.Count} planted notes right");
Console.WriteLine($"{last!.Remembered:N0} tokens remembered in {client.StateBytes / 1e6:F1} MB of states");
Console.WriteLine($"read {read:N0} tokens at {read / reading.TotalSeconds:N0} tokens/s, wrote {written:N0} at {written / writing.TotalSeconds:N0} tokens/s");
Console.WriteLine($"peak memory of the process {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:N0} MB");
if (Console.IsInputRedirected || Environment.GetEnvironmentVariable("CI") is not null) return 0;

Console.WriteLine("\nGo on asking or telling; an empty line ends.");
while (true)
{
    Console.Write("? ");
    if (Console.ReadLine() is not { Length: > 0 } question) return 0;
    Console.Write("> ");
    Turn turn = await conversation.AskAsync(question, remember: true);
    Console.WriteLine($"\n  [{turn.Remembered:N0} tokens remembered, {turn.Read:N0} read, {turn.Total.TotalSeconds:F2} s]");
}
