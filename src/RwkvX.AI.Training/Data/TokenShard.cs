using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace RwkvX.AI.Training.Data;

/// <summary>A mapped file of tokenised documents.</summary>
/// <remarks>
/// Layout, little-endian: <c>RWKVTOK1</c>; I32 vocabulary size; I32 bytes of a token (2 or 4); I64 tokens; I64 documents; then the tokens, a byte of
/// <see cref="TokenKind"/> for each, padding to 8, and the start of each document (I64) with one more for the end. Documents end with token 0.
/// </remarks>
public sealed unsafe class TokenShard : IDisposable
{
    internal const int HeaderBytes = 32;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _data;
    private readonly int _width;

    private TokenShard(string path, MemoryMappedFile file, MemoryMappedViewAccessor view)
    {
        (_file, _view) = (file, view);
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref _data);
        _data += view.PointerOffset;
        VocabSize = *(int*)(_data + 8);
        _width = *(int*)(_data + 12);
        TokenCount = *(long*)(_data + 16);
        DocumentCount = *(long*)(_data + 24);
        Path = path;
    }

    internal static ReadOnlySpan<byte> Magic => "RWKVTOK1"u8;

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Ids are below this.</summary>
    public int VocabSize { get; }

    /// <summary>Tokens of all documents.</summary>
    public long TokenCount { get; }

    /// <summary>Documents.</summary>
    public long DocumentCount { get; }

    /// <summary>Where each document starts, and where the last ends.</summary>
    internal ReadOnlySpan<long> Starts => new(_data + StartsOffset(TokenCount, _width), checked((int)DocumentCount + 1));

    /// <summary>Maps a shard.</summary>
    /// <exception cref="InvalidDataException">The file is no shard, or cut off.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TokenShard Open(string path)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle(path); // FileInfo would measure a link
        long length = RandomAccess.GetLength(handle);
        if (length < HeaderBytes) throw new InvalidDataException($"{path}: expected a shard of tokens, found {length} bytes");
        MemoryMappedFile file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        TokenShard shard = new(path, file, file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read));
        bool honest = new ReadOnlySpan<byte>(shard._data, 8).SequenceEqual(Magic) && shard._width is 2 or 4 && shard.TokenCount is >= 0 and < 1L << 40
            && shard.DocumentCount >= 0 && shard.DocumentCount <= shard.TokenCount
            && length == StartsOffset(shard.TokenCount, shard._width) + ((shard.DocumentCount + 1) * 8);
        if (honest) return shard;
        shard.Dispose();
        throw new InvalidDataException($"{path}: expected a shard of tokens whose size fits its header, found {length} bytes that do not");
    }

    /// <summary>Copies tokens and their kinds.</summary>
    internal void Read(long start, Span<int> tokens, Span<TokenKind> kinds)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, TokenCount - tokens.Length);
        byte* at = _data + HeaderBytes + (start * _width);
        for (int i = 0; i < tokens.Length; i++)
            tokens[i] = _width == 2 ? ((ushort*)at)[i] : ((int*)at)[i];
        new ReadOnlySpan<byte>(_data + HeaderBytes + (TokenCount * _width) + start, kinds.Length).CopyTo(MemoryMarshal.AsBytes(kinds));
    }

    internal static long StartsOffset(long tokens, int width) => (HeaderBytes + (tokens * (width + 1)) + 7) & ~7L;

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }
}
