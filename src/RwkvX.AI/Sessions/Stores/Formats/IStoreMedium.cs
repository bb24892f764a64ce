namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>Where a store's bytes lie. Thread-safe; every write is durable when it returns, as far as the medium is.</summary>
internal interface IStoreMedium : IDisposable
{
    /// <summary>A file's name, for messages.</summary>
    string Name(BlobKind kind, Guid id);

    /// <summary>Reads the index. Called once, before anything else.</summary>
    StoreContents Load();

    /// <summary>Changes the index: all changes or none.</summary>
    void Commit(IReadOnlyList<IndexChange> changes);

    /// <summary>Makes sure that nothing of removed entries stays in the index's own files.</summary>
    void Scrub();

    /// <summary>All files but the index's own.</summary>
    IReadOnlyList<(BlobKind Kind, Guid Id, long Length)> List();

    /// <summary>A file's length; −1 where there is none.</summary>
    long Length(BlobKind kind, Guid id);

    /// <summary>Opens a state or page file; null where there is none.</summary>
    Blob? Open(BlobKind kind, Guid id);

    /// <summary>Bytes of a log from an offset on; fewer where the file ends.</summary>
    byte[] ReadLog(Guid id, long offset, int length);

    /// <summary>Writes at a log's end; creates it at offset 0.</summary>
    void AppendLog(Guid id, long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Cuts a log; to 0 bytes removes it.</summary>
    void CutLog(Guid id, long length);

    /// <summary>Writes a file whole or not at all, over the one that was there.</summary>
    /// <returns>Its length.</returns>
    long Write(BlobKind kind, Guid id, Action<Stream> write);

    /// <summary>Removes a file.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="id">Its id.</param>
    /// <param name="overwrite">Overwrite its bytes first: nobody reads it.</param>
    /// <returns>Bytes removed; negative = bytes that the file system holds on to; 0 where there is no such file.</returns>
    long Delete(BlobKind kind, Guid id, bool overwrite);

    /// <summary>Removes what interrupted writes left; returns the bytes.</summary>
    long Sweep();

    /// <summary>Checks the index's own files against <paramref name="conversations"/>.</summary>
    IReadOnlyList<StoreProblem> Check(IReadOnlyList<ConversationRow> conversations);
}
