using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cli;

/// <summary>What a verb sees of the world: its streams, whether a person sits there, and the engine.</summary>
internal sealed class CliHost
{
    /// <summary>Standard input.</summary>
    public required TextReader In { get; init; }

    /// <summary>Standard output: results only.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Standard error: errors and progress.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether a person types the input.</summary>
    public bool IsInteractive { get; init; }

    /// <summary>Whether a person reads the output; plain lines otherwise.</summary>
    public bool IsOutTerminal { get; init; }

    /// <summary>Whether a person reads the errors; no progress bars otherwise.</summary>
    public bool IsErrorTerminal { get; init; }

    /// <summary>How long <c>bench</c> measures.</summary>
    public BenchEffort BenchEffort { get; init; } = new();

    /// <summary>The streams of this process.</summary>
    public static CliHost OfProcess() => new()
    {
        In = Console.In,
        Out = Console.Out,
        Error = Console.Error,
        IsInteractive = !Console.IsInputRedirected,
        IsOutTerminal = !Console.IsOutputRedirected,
        IsErrorTerminal = !Console.IsErrorRedirected,
    };

    /// <summary>Makes an engine of a model, and says what <c>auto</c> took; the files stay open as long as it lives.</summary>
    public IRwkvXModel LoadEngine(ModelFiles files, EngineRequest request)
    {
        string? passedOver = null;
        IRwkvXModel model = EngineChoice.Load(files, request, passedOver: reason => passedOver = reason);
        Tell(request, model.Engine, passedOver);
        return model;
    }

    /// <summary>The same for a chat client, which opens the model itself.</summary>
    public RwkvXChatClient OpenChat(RwkvXOptions options)
    {
        PassedOverLog log = new();
        RwkvXChatClient client = new(options, log);
        Tell(options.EngineRequest, client.GetService<IRwkvXModel>()!.Engine, log.Reason);
        return client;
    }

    /// <summary>Writes a line to standard error.</summary>
    public void Tell(string line)
    {
        try
        {
            Error.WriteLine(line);
        }
        catch (IOException)
        {
            // Standard error is full or closed: the exit code still tells.
        }
    }

    private void Tell(EngineRequest request, EngineInfo taken, string? passedOver)
    {
        if (EngineNote.Of(request, taken, passedOver) is { } note) Tell($"rwkvx: {note}");
    }
}
