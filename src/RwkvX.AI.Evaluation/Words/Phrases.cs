using System.Reflection;

namespace RwkvX.AI.Evaluation.Words;

/// <summary>The files of the folder Phrases: sentences that training writes documents of, with slots as <see cref="Remark"/> has them.</summary>
internal static class Phrases
{
    /// <summary>The lines of a file that are neither empty nor a comment.</summary>
    /// <param name="name">Without its ending.</param>
    public static string[] Lines(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{name}.txt") ?? throw new ArgumentException($"expected the name of a file of phrases, found {name}", nameof(name));
        using StreamReader reader = new(stream);
        return [.. reader.ReadToEnd().Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0 && !line.StartsWith("//", StringComparison.Ordinal))];
    }

    /// <summary>The statements of a file, each with what may be asked of it in the lines below, which are indented: <c>question|question => answer</c>.</summary>
    /// <param name="name">Without its ending.</param>
    public static Remark[] Remarks(string name)
    {
        List<(string Statement, List<string> Asked)> remarks = [];
        foreach (string line in Lines(name))
        {
            if (line[0] == ' ') remarks[^1].Asked.Add(line.Trim());
            else remarks.Add((line, []));
        }

        return [.. remarks.Select(remark => new Remark(remark.Statement, remark.Asked))];
    }
}
