using System.CommandLine;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Cli.Memory;

/// <summary><c>rwkvx memory export</c>: a conversation as one file.</summary>
internal static class ExportCommand
{
    public static Command Create(CliHost host)
    {
        MemoryArguments memory = new();
        Argument<string> file = new("FILE") { Description = "Where it goes; an existing file is replaced." };
        Verb command = new("export", "Write a conversation as one file, with its states: another machine with the same model goes on without reading again.",
            "rwkvx memory export minutes minutes.rwkvx") { memory.Name, file };
        memory.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            string path = Path.GetFullPath(result.GetRequiredValue(file)), part = $"{path}.part";
            await using IStateStore store = memory.OpenStore(result);
            try
            {
                await using (FileStream stream = new(part, FileMode.Create, FileAccess.Write))
                {
                    await store.ExportAsync(memory.KeyOf(result), stream, cancellationToken);
                    stream.Flush(flushToDisk: true);
                }

                File.Move(part, path, overwrite: true);
                Storage.DirectoryFlush.Flush(Path.GetDirectoryName(path)!);
            }
            catch (Exception e)
            {
                File.Delete(part);
                if (e is IOException or UnauthorizedAccessException) throw new CliException($"{path}: expected a file to write: {e.Message}", e);
                throw;
            }

            Report lines = new();
            lines.Add("bytes", $"{new FileInfo(path).Length}");
            lines.Write(host);
        });
        return command;
    }
}
