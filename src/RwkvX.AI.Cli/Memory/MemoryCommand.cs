using System.CommandLine;

namespace RwkvX.AI.Cli.Memory;

/// <summary><c>rwkvx memory</c>: conversations that stay.</summary>
internal static class MemoryCommand
{
    public static Command Create(CliHost host) => new Verb("memory",
        "Keep conversations and documents as model states on disk: read once, asked for ever, forked, rewound, moved between machines.",
        """
        rwkvx memory append minutes minutes.txt        read a file into the conversation 'minutes'
        rwkvx memory ask minutes "Who was there?"      ask; the turn is stored
        rwkvx memory fork minutes what-if              go another way from here, at no cost
        rwkvx memory show minutes                      where its pages live, what answers looked at

        Everything lies in the folder of --root. A verb that ends with exit code 0 has made its change durable.
        """)
    {
        AppendCommand.Create(host),
        AskCommand.Create(host),
        ForkCommand.Create(host),
        CheckpointCommand.Create(host),
        RewindCommand.Create(host),
        ListCommand.Create(host),
        ShowCommand.Create(host),
        TranscriptCommand.Create(host),
        ExportCommand.Create(host),
        ImportCommand.Create(host),
        DeleteCommand.Create(host),
        GcCommand.Create(host),
        VerifyCommand.Create(host),
    };
}
