namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>The first eight bytes of each file: what it is, and the version of its format in the last one.</summary>
internal static class Magic
{
    public const int Bytes = 8;

    public static ReadOnlySpan<byte> Log => "RWKVXLG\u0001"u8;

    public static ReadOnlySpan<byte> State => "RWKVXST\u0001"u8;

    public static ReadOnlySpan<byte> Pages => "RWKVXPG\u0001"u8;

    public static ReadOnlySpan<byte> Heads => "RWKVXHD\u0001"u8;

    public static ReadOnlySpan<byte> Export => "RWKVXEX\u0001"u8;

    public static void Check(ReadOnlySpan<byte> file, ReadOnlySpan<byte> expected, string where)
    {
        if (file.StartsWith(expected)) return;
        string found = Convert.ToHexString(file[..Math.Min(file.Length, Bytes)]);
        throw new StateCorruptException(where, "magic and version", Convert.ToHexString(expected), found);
    }
}
