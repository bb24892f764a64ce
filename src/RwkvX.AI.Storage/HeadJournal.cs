using Microsoft.Win32.SafeHandles;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Storage;

/// <summary>The names of all conversations in one file beside the index, so that the index can be made anew.</summary>
/// <remarks>
/// Frames on 64-byte borders, appended; one that is replaced or removed is overwritten with zeros where it stands. One flush makes a
/// fork durable, where a file of its own would cost a second one for its folder. Not thread-safe.
/// </remarks>
internal sealed class HeadJournal : IDisposable
{
    public const string FileName = "heads.journal";
    private const int Alignment = 64;
    private const byte Live = 1;
    private const byte Dead = 2;
    private const long CompactAbove = 1 << 20;

    private readonly string _path;
    private readonly Dictionary<Guid, (long Offset, int Length)> _places = [];
    private SafeFileHandle _file;
    private long _end;
    private long _dead;

    /// <summary>Opens the journal, or makes an empty one.</summary>
    public HeadJournal(string root)
    {
        _path = Path.Combine(root, FileName);
        bool exists = File.Exists(_path);
        _file = File.OpenHandle(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite);
        if (exists) return;
        WriteMagic();
        DirectoryFlush.Flush(root);
    }

    /// <summary>True where something between whole heads could not be read.</summary>
    public bool IsDamaged { get; private set; }

    /// <summary>Reads all heads; the last one of an id counts.</summary>
    public Dictionary<Guid, ConversationRow> Load()
    {
        Dictionary<Guid, ConversationRow> rows = [];
        (_dead, IsDamaged) = (0, false);
        _places.Clear();
        byte[] bytes = new byte[RandomAccess.GetLength(_file)];
        int filled = 0;
        for (int read; filled < bytes.Length && (read = RandomAccess.Read(_file, bytes.AsSpan(filled), filled)) > 0;) filled += read;
        if (!bytes.AsSpan().StartsWith(Magic.Heads))
        {
            IsDamaged = true;
            if (bytes.Length < Alignment) WriteMagic();
        }

        _end = Alignment;
        for (int at = Alignment; at < bytes.Length;) at = ReadOne(bytes, at, rows);
        if (_end < bytes.Length) IsDamaged = true; // a torn end, or worse: the index knows
        return rows;
    }

    /// <summary>Adds heads, durably; what they replace is overwritten by <see cref="Erase"/> afterwards.</summary>
    /// <returns>The places of those that they replace.</returns>
    public List<(long Offset, int Length)> Append(IReadOnlyList<ConversationRow> rows)
    {
        FormatWriter buffer = new();
        List<(long, int)> replaced = [];
        foreach (ConversationRow row in rows)
        {
            long offset = _end + buffer.Length;
            byte[] head = RowFormat.EncodeHead(row);
            Frame.Write(buffer.Buffer, Live, 0, head);
            buffer.Bytes(new byte[Padding(buffer.Length)]);
            if (_places.TryGetValue(row.Id, out (long, int) old)) replaced.Add(old);
            _places[row.Id] = (offset, head.Length);
        }

        RandomAccess.Write(_file, buffer.Written, _end);
        RandomAccess.FlushToDisk(_file);
        _end += buffer.Length;
        return replaced;
    }

    /// <summary>Where a conversation's head stands, and forgets it.</summary>
    public IEnumerable<(long Offset, int Length)> Forget(Guid id) => _places.Remove(id, out (long, int) place) ? [place] : [];

    /// <summary>Overwrites heads, durably.</summary>
    public void Erase(IReadOnlyList<(long Offset, int Length)> places)
    {
        if (places.Count == 0) return;
        foreach ((long offset, int length) in places)
        {
            FormatWriter frame = new();
            Frame.Write(frame.Buffer, Dead, 0, new byte[length]);
            RandomAccess.Write(_file, frame.Written, offset);
            _dead += frame.Length + Padding(frame.Length);
        }

        RandomAccess.FlushToDisk(_file);
    }

    /// <summary>Writes the journal anew, where it is damaged or mostly erased.</summary>
    public void Compact(IReadOnlyCollection<ConversationRow> rows)
    {
        if (!IsDamaged && (_dead < CompactAbove || 2 * _dead < _end)) return;
        string temporary = _path + ".tmp";
        SafeFileHandle old = _file;
        _file = File.OpenHandle(temporary, FileMode.Create, FileAccess.ReadWrite);
        WriteMagic();
        _places.Clear();
        Append([.. rows]);
        File.Move(temporary, _path, overwrite: true);
        DirectoryFlush.Flush(Path.GetDirectoryName(_path)!);
        old.Dispose();
        (_dead, IsDamaged) = (0, false);
    }

    public void Dispose() => _file.Dispose();

    private int ReadOne(byte[] bytes, int at, Dictionary<Guid, ConversationRow> rows)
    {
        try
        {
            Frame frame = Frame.Read(bytes, at, FileName);
            int next = frame.End + Padding(frame.End);
            if (_end < at) IsDamaged = true; // something before this one was skipped
            _end = next;
            if (frame.Kind != Live)
            {
                _dead += next - at;
                return next;
            }

            ConversationRow row = RowFormat.DecodeHead(bytes.AsSpan()[frame.Payload], $"{FileName} at {at}");
            rows[row.Id] = row;
            _places[row.Id] = (at, frame.End - at - Frame.HeadBytes);
            return next;
        }
        catch (StateCorruptException)
        {
            return at + Alignment;
        }
    }

    private void WriteMagic()
    {
        byte[] head = new byte[Alignment];
        Magic.Heads.CopyTo(head);
        RandomAccess.Write(_file, head, 0);
        RandomAccess.FlushToDisk(_file);
        _end = Alignment;
    }

    private static int Padding(int length) => (Alignment - (length % Alignment)) % Alignment;
}
