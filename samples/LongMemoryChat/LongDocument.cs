using System.Reflection;

/// <summary>A document with the planted notes near its start, each as a paragraph of its own.</summary>
internal static class LongDocument
{
    // The notes come after the first paragraph that ends behind this many characters.
    private const int NotesAfter = 300;

    /// <summary>Reads a file, or joins the project's own docs, and plants the notes.</summary>
    public static string Load(string? path)
    {
        string text = (path is null ? OwnDocs() : File.ReadAllText(path)).ReplaceLineEndings("\n");
        int border = text.IndexOf("\n\n", Math.Min(NotesAfter, text.Length), StringComparison.Ordinal);
        int at = border < 0 ? text.Length : border;
        return $"{text[..at]}\n\n{string.Join("\n\n", PlantedNote.All.Select(note => note.Text))}{text[at..]}";
    }

    private static string OwnDocs()
    {
        Assembly assembly = typeof(LongDocument).Assembly;
        IEnumerable<string> names = assembly.GetManifestResourceNames().Where(name => name.StartsWith("docs/", StringComparison.Ordinal));
        return string.Join("\n\n", names.Order(StringComparer.Ordinal).Select(name => Read(assembly, name)));
    }

    private static string Read(Assembly assembly, string name)
    {
        using StreamReader reader = new(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
