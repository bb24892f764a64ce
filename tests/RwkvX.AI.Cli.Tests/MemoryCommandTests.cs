using System.Text.Json;
using RwkvX.AI.Checkpoints;
using Xunit;

namespace RwkvX.AI.Cli.Tests;

/// <summary>The memory verbs as a script uses them; every call opens the store anew, as another process would.</summary>
public sealed class MemoryCommandTests : IDisposable
{
    private const string Notes = "Notes of the week.\n\nThe access code of the red door is 4711.\n\nThe boat is old.\n";
    private readonly TemporaryFolder _folder = new();
    private readonly string _notes;

    public MemoryCommandTests() => _notes = _folder.Write("notes.txt", Notes);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Memory_FromReadingToDeleting_KeepsWhatWasSaid()
    {
        (await Run("append", "notes", _notes)).Succeeded();
        (await Run("checkpoint", "notes", "read")).Succeeded();
        CliRun asked = (await Run("ask", "notes", "What is the access code of the red door?", "--temperature", "0", "--max-tokens", "24")).Succeeded();
        Assert.Contains("4711", asked.Out, StringComparison.Ordinal);
        (await Run("fork", "notes", "other", "--at", "read")).Succeeded();
        CliRun again = (await Run("ask", "other", "What is the access code of the red door?", "--temperature", "0", "--max-tokens", "24")).Succeeded();
        Assert.Equal(asked.Out, again.Out); // bit for bit the same state, so the same answer

        CliRun transcript = (await Run("transcript", "notes")).Succeeded();
        Assert.Contains(Notes.ReplaceLineEndings("\n"), transcript.Out, StringComparison.Ordinal);
        Assert.Contains(asked.Out.Trim(), transcript.Out, StringComparison.Ordinal);
        using JsonDocument shown = JsonDocument.Parse((await Run("show", "notes", "--json")).Succeeded().Out);
        Assert.Equal((1, 1), (shown.RootElement.GetProperty("turns").GetInt32(), shown.RootElement.GetProperty("documents").GetInt32()));
        Assert.Equal("read", shown.RootElement.GetProperty("checkpoints")[0].GetProperty("label").GetString());
        Assert.Contains("checkpoint: read at ", (await Run("show", "notes")).Succeeded().Out, StringComparison.Ordinal);

        (await Run("rewind", "notes", "read")).Succeeded();
        Assert.DoesNotContain("red door?", (await Run("transcript", "notes")).Succeeded().Out, StringComparison.Ordinal);
        (await Run("export", "other", _folder["other.rwkvx"])).Succeeded();
        (await Run("import", _folder["other.rwkvx"], "copy")).Succeeded();
        Assert.Equal((await Run("transcript", "other")).Out, (await Run("transcript", "copy")).Out);
        Assert.Equal(["copy", "notes", "other"], (await Run("list")).Succeeded().Lines.Select(line => line.Split('\t')[0]));
        using JsonDocument list = JsonDocument.Parse((await Run("list", "--json")).Succeeded().Out);
        Assert.Equal(3, list.RootElement.GetArrayLength());
        Assert.Contains("bytes removed: ", (await Run("delete", "copy")).Succeeded().Out, StringComparison.Ordinal);
        (await Run("gc")).Succeeded();
        Assert.Equal("sound", (await Run("verify")).Succeeded().Lines[^1]);
    }

    [Fact]
    public async Task Memory_WithABudget_DropsPagesAndSaysSo()
    {
        string many = _folder.Write("many.txt", string.Concat(Enumerable.Repeat(Notes, 10)));
        CliRun read = (await Run("append", "notes", many, "--keep-budget", "0")).Succeeded();
        Assert.Contains("pages dropped: ", read.Out, StringComparison.Ordinal);
        (await Run("append", "whole", many)).Succeeded();
        using JsonDocument shown = JsonDocument.Parse((await Run("show", "notes", "--json")).Succeeded().Out), whole = JsonDocument.Parse((await Run("show", "whole", "--json")).Succeeded().Out);
        JsonElement retention = shown.RootElement.GetProperty("retention"), kept = whole.RootElement.GetProperty("retention");
        Assert.Equal(("keep-budget", 0), (retention.GetProperty("policy").GetString(), retention.GetProperty("budgetBytes").GetInt64()));
        using ModelFiles files = ModelFiles.OpenDefault();
        long pageBytes = files.MobaChunkSize * files.Manifest!.EmbeddingSize!.Value * 2L * sizeof(float);
        Assert.Equal(retention.GetProperty("droppedPages").GetInt64() * pageBytes, retention.GetProperty("droppedBytes").GetInt64());
        Assert.True(retention.GetProperty("droppedPages").GetInt64() > 0);
        Assert.Equal(("keep-all", 0), (kept.GetProperty("policy").GetString(), kept.GetProperty("droppedPages").GetInt64()));
        Assert.Contains("retention: keep-budget:0, ", (await Run("show", "notes")).Succeeded().Out, StringComparison.Ordinal);
        (await Run("append", "notes", many, "--keep-budget", "-1")).FailedWith(2, "--keep-budget");
    }

    [Fact]
    public async Task Memory_WhatCannotBe_FailsWithOneLine()
    {
        (await Run("ask", "nobody", "Who?")).FailedWith(1, "nobody");
        (await Run("append", "notes", _folder["missing.txt"])).FailedWith(1, "missing.txt");
        (await Run("import", _notes, "notes")).FailedWith(1, $"{_notes}: expected what 'rwkvx memory export' wrote");
        (await Run("append", "notes", _notes)).Succeeded();
        (await Run("fork", "notes", "notes")).FailedWith(1, "notes");
        (await Run("rewind", "notes", "nowhere")).FailedWith(1, "nowhere");
        (await CliRun.Of(["memory", "ask", "notes", "Who?", "--root", _folder["store"], "--tenant", "other"])).FailedWith(1, "notes");
        Assert.Equal("", (await CliRun.Of(["memory", "list", "--root", _folder["store"], "--tenant", "other"])).Succeeded().Out);
    }

    [Fact]
    public async Task Verify_OfADamagedStore_FailsAndSaysWhere()
    {
        (await Run("append", "notes", _notes)).Succeeded();
        string log = Directory.GetFiles(_folder["store"], "*.log", SearchOption.AllDirectories)[0];
        byte[] bytes = File.ReadAllBytes(log);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(log, bytes);
        CliRun run = await Run("verify");
        Assert.Equal(1, run.Code);
        Assert.Contains(Path.GetFileName(log), run.Out, StringComparison.Ordinal);
    }

    private Task<CliRun> Run(params string[] args) => CliRun.Of(["memory", .. args, "--root", _folder["store"]]);
}
