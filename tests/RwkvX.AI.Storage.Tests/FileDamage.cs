namespace RwkvX.AI.Storage.Tests;

/// <summary>What a power cut may do: a file loses its end, or finds it zeroed.</summary>
internal static class FileDamage
{
    /// <summary>Does it to one file of a store; returns to which, and what.</summary>
    public static string Apply(string root, Random random)
    {
        // Not by size or number: every kind of file is as likely as another.
        string[] kinds = ["*.log", "*.log", "*.state", "*.pages", "heads.journal", "index.db", "index.db-wal"];
        string[] files = [];
        while (files.Length == 0) files = Directory.GetFiles(root, kinds[random.Next(kinds.Length)], SearchOption.AllDirectories);
        Array.Sort(files, StringComparer.Ordinal);
        string path = files[random.Next(files.Length)];
        using FileStream file = new(path, FileMode.Open);
        long at = random.NextInt64(file.Length + 1);
        bool zero = random.Next(2) == 0;
        long length = file.Length;
        file.SetLength(at);
        if (zero) file.SetLength(length);
        return $"{Path.GetFileName(path)} {(zero ? "zeroed" : "cut")} from {at} of {length}";
    }
}
