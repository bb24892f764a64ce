using System.Buffers;
using System.Text;

namespace RwkvX.AI.Tokenization;

/// <summary>Finds where a run of bytes may stop without cutting a character.</summary>
internal static class Utf8Tail
{
    /// <summary>Bytes at the end that begin a character and could still be completed, 0 to 3.</summary>
    public static int IncompleteLength(ReadOnlySpan<byte> utf8)
    {
        for (int n = 1; n <= Math.Min(3, utf8.Length); n++)
        {
            byte b = utf8[^n];
            if (b < 0x80) return 0;
            if (b >= 0xC0) return Rune.DecodeFromUtf8(utf8[^n..], out _, out _) == OperationStatus.NeedMoreData ? n : 0;
        }

        return 0;
    }
}
