using Microsoft.Data.Sqlite;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Storage;

/// <summary>The index: what is acknowledged. Rows carry a checksum of their own, since SQLite has none. Not thread-safe.</summary>
/// <remarks>
/// Write-ahead log: a commit is one flush, and a log that lost its end is an older but whole index, which the files then correct.
/// A rollback journal that lost its end would leave half a change in the database.
/// </remarks>
internal sealed class SqliteIndex : IDisposable
{
    public const string FileName = "index.db";
    private const int Version = 1;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _putConversation, _removeConversation, _putSnapshot, _removeSnapshot;

    /// <summary>Opens the index.</summary>
    /// <param name="root">The store's folder.</param>
    /// <param name="create">True where there is no store yet, or its index is made anew.</param>
    public SqliteIndex(string root, bool create)
    {
        string path = Path.Combine(root, FileName);
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        try
        {
            _connection.Open();
            Execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA cell_size_check=ON;");
            long version = (long)Scalar("PRAGMA user_version")!;
            if (version == 0 && create) CreateTables();
            else if (version != Version) throw new StateCorruptException(FileName, "version", Version, version);
            if (Scalar("PRAGMA quick_check(1)") is not "ok" and var found) throw new StateCorruptException(FileName, "quick_check", "ok", found ?? "nothing");
            _putConversation = Prepare(
                "INSERT OR REPLACE INTO conversations (id, tenant, name, tokens, records, bytes, deleting, head, extent, crc) VALUES (@0,@1,@2,@3,@4,@5,@6,@7,@8,@9)", 10);
            _removeConversation = Prepare("DELETE FROM conversations WHERE id=@0", 1);
            _putSnapshot = Prepare("INSERT OR REPLACE INTO snapshots (id, conversation, tokens, bytes, state, crc) VALUES (@0,@1,@2,@3,@4,@5)", 6);
            _removeSnapshot = Prepare("DELETE FROM snapshots WHERE id=@0", 1);
        }
        catch (Exception e)
        {
            _connection.Dispose();
            if (e is SqliteException) throw Damaged(e);
            throw;
        }
    }

    public List<ConversationRow> Conversations()
    {
        List<ConversationRow> rows = [];
        using SqliteCommand command = Command("SELECT id, deleting, head, extent, crc FROM conversations");
        Read(command, reader =>
        {
            byte[] id = Blob(reader, 0), head = Blob(reader, 2), extent = Blob(reader, 3);
            long deleting = reader.GetInt64(1);
            Check(id, reader.GetInt64(4), ConversationCrc(head, extent, deleting));
            rows.Add(RowFormat.DecodeHead(head, FileName) with { Deleting = deleting != 0, Extent = RowFormat.DecodeExtent(extent, FileName) });
        });
        return rows;
    }

    public List<SnapshotRow> Snapshots()
    {
        List<SnapshotRow> rows = [];
        using SqliteCommand command = Command("SELECT id, bytes, state, crc FROM snapshots");
        Read(command, reader =>
        {
            byte[] id = Blob(reader, 0), state = Blob(reader, 2);
            Check(id, reader.GetInt64(3), Crc32C.Compute(state));
            rows.Add(RowFormat.DecodeSnapshot(state, FileName) with { Bytes = reader.GetInt64(1) });
        });
        return rows;
    }

    /// <summary>Applies changes as one transaction, durable at return.</summary>
    public void Commit(IEnumerable<IndexChange> changes)
    {
        try
        {
            using SqliteTransaction transaction = _connection.BeginTransaction();
            foreach (IndexChange change in changes) Apply(change, transaction);
            transaction.Commit();
        }
        catch (SqliteException e)
        {
            throw new StateStoreException($"{FileName}: {e.Message}", e);
        }
    }

    /// <summary>Moves the write-ahead log into the database and empties it: removed rows are then nowhere.</summary>
    public void Scrub()
    {
        try { Execute("PRAGMA wal_checkpoint(TRUNCATE)"); }
        catch (SqliteException e) { throw new StateStoreException($"{FileName}: {e.Message}", e); }
    }

    /// <summary>What SQLite's own full check says; null = nothing.</summary>
    public string? FullCheck()
    {
        try { return Scalar("PRAGMA integrity_check(1)") is string found && found != "ok" ? found : null; }
        catch (SqliteException e) { return e.Message; }
    }

    public void Dispose()
    {
        _putConversation.Dispose();
        _removeConversation.Dispose();
        _putSnapshot.Dispose();
        _removeSnapshot.Dispose();
        _connection.Dispose();
    }

    private void CreateTables()
    {
        Execute($"""
            BEGIN;
            CREATE TABLE conversations (id BLOB PRIMARY KEY, tenant TEXT, name TEXT, tokens INTEGER NOT NULL, records INTEGER NOT NULL,
                bytes INTEGER NOT NULL, deleting INTEGER NOT NULL, head BLOB NOT NULL, extent BLOB NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
            CREATE TABLE snapshots (id BLOB PRIMARY KEY, conversation BLOB NOT NULL, tokens INTEGER NOT NULL, bytes INTEGER NOT NULL,
                state BLOB NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
            PRAGMA user_version={Version};
            COMMIT;
            PRAGMA wal_checkpoint(TRUNCATE);
            """);
    }

    private void Apply(IndexChange change, SqliteTransaction transaction)
    {
        switch (change)
        {
            case PutConversation { Row: var row }:
                byte[] head = RowFormat.EncodeHead(row), extent = RowFormat.EncodeExtent(row.Extent);
                long deleting = row.Deleting ? 1 : 0;
                Run(_putConversation, transaction, row.Id.ToByteArray(), (object?)row.Key?.Tenant ?? DBNull.Value, (object?)row.Key?.Name ?? DBNull.Value,
                    row.Extent.Counts.Tokens, row.Extent.Records, row.Extent.Bytes, deleting, head, extent, (long)ConversationCrc(head, extent, deleting));
                break;
            case RemoveConversation { Id: var id }:
                Run(_removeConversation, transaction, id.ToByteArray());
                break;
            case PutSnapshot { Row: var row }:
                byte[] state = RowFormat.EncodeSnapshot(row);
                Run(_putSnapshot, transaction, row.Id.ToByteArray(), row.Conversation.ToByteArray(), row.Tokens, row.Bytes, state, (long)Crc32C.Compute(state));
                break;
            case RemoveSnapshot { Id: var id }:
                Run(_removeSnapshot, transaction, id.ToByteArray());
                break;
        }
    }

    private static void Run(SqliteCommand command, SqliteTransaction transaction, params ReadOnlySpan<object> values)
    {
        command.Transaction = transaction;
        for (int i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i];
        command.ExecuteNonQuery();
    }

    private static void Read(SqliteCommand command, Action<SqliteDataReader> row)
    {
        try
        {
            using SqliteDataReader reader = command.ExecuteReader();
            while (reader.Read()) row(reader);
        }
        catch (Exception e) when (e is SqliteException or InvalidCastException or InvalidOperationException)
        {
            throw Damaged(e);
        }
    }

    private static byte[] Blob(SqliteDataReader reader, int column) =>
        reader.GetValue(column) as byte[] ?? throw new StateCorruptException(FileName, "row", "bytes", reader.GetDataTypeName(column));

    private static uint ConversationCrc(byte[] head, byte[] extent, long deleting) => Crc32C.Compute([(byte)deleting], Crc32C.Compute(extent, Crc32C.Compute(head)));

    private static void Check(byte[] id, long expected, uint found)
    {
        if (expected != found) throw new StateCorruptException($"{FileName} row {Convert.ToHexString(id)}", "checksum", $"{expected:x8}", $"{found:x8}");
    }

    private static StateCorruptException Damaged(Exception e) =>
        new(new StoreProblem(FileName, "database", "a sound one; it can be rebuilt from the other files", e.Message), e);

    private SqliteCommand Command(string text)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = text;
        return command;
    }

    private SqliteCommand Prepare(string text, int parameters)
    {
        SqliteCommand command = Command(text);
        for (int i = 0; i < parameters; i++) command.Parameters.Add(new SqliteParameter { ParameterName = $"@{i}" });
        return command;
    }

    private void Execute(string text)
    {
        using SqliteCommand command = Command(text);
        command.ExecuteNonQuery();
    }

    private object? Scalar(string text)
    {
        using SqliteCommand command = Command(text);
        return command.ExecuteScalar();
    }
}
