using System.Globalization;
using System.Text.Json.Nodes;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Agents;

/// <summary>A small JSON text under a name, replaced as a whole, kept as the last record of a log without tokens.</summary>
/// <remarks>
/// A log only grows, so there are two of them: after some writes the other one is begun, and the full one deleted. Each record is numbered;
/// the highest number counts, so a crash between any two steps leaves the old text or the new one.
/// </remarks>
internal sealed class SessionRecords(IStateStore store, StateBinding binding)
{
    private const int MaxRecords = 32;
    private const string Role = "agent-session";

    /// <summary>The text last written; null for none.</summary>
    public async ValueTask<JsonObject?> ReadAsync(ConversationKey key, CancellationToken cancellationToken) =>
        (await NewestAsync(key, cancellationToken).ConfigureAwait(false)).Text is { } text ? JsonNode.Parse(text) as JsonObject : null;

    /// <summary>Replaces the text; durable as far as the store is when this completes.</summary>
    public async ValueTask WriteAsync(ConversationKey key, JsonObject json, CancellationToken cancellationToken)
    {
        Record newest = await NewestAsync(key, cancellationToken).ConfigureAwait(false);
        bool isFull = newest.Count >= MaxRecords;
        ConversationKey slot = Slot(key, isFull ? 1 - newest.Slot : newest.Slot);
        await using (IConversationWriter writer = await OpenAsync(slot, cancellationToken).ConfigureAwait(false))
        {
            string number = (newest.Number + 1).ToString(CultureInfo.InvariantCulture);
            await writer.AppendAsync([new TranscriptRecord(TranscriptKind.Message, Role, json.ToJsonString()) { Name = number }], cancellationToken).ConfigureAwait(false);
        }

        if (isFull) await DeleteAsync(Slot(key, newest.Slot), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes the text, if there is one.</summary>
    public async ValueTask RemoveAsync(ConversationKey key, CancellationToken cancellationToken)
    {
        Record newest = await NewestAsync(key, cancellationToken).ConfigureAwait(false);
        await DeleteAsync(Slot(key, 1 - newest.Slot), cancellationToken).ConfigureAwait(false); // the older one first: it must not come back
        await DeleteAsync(Slot(key, newest.Slot), cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<Record> NewestAsync(ConversationKey key, CancellationToken cancellationToken)
    {
        Record first = await LastAsync(key, 0, cancellationToken).ConfigureAwait(false);
        Record second = await LastAsync(key, 1, cancellationToken).ConfigureAwait(false);
        return second.Number > first.Number ? second : first;
    }

    private async ValueTask<Record> LastAsync(ConversationKey key, int slot, CancellationToken cancellationToken)
    {
        try
        {
            IReadOnlyList<LogRecord> records = await store.ReadAsync(Slot(key, slot), cancellationToken).ConfigureAwait(false);
            TranscriptRecord? last = records.OfType<TranscriptRecord>().LastOrDefault();
            return last is null ? new Record(slot, 0, 0, null) : new Record(slot, long.Parse(last.Name!, CultureInfo.InvariantCulture), records.Count, last.Text);
        }
        catch (ConversationNotFoundException)
        {
            return new Record(slot, 0, 0, null);
        }
    }

    private async ValueTask<IConversationWriter> OpenAsync(ConversationKey slot, CancellationToken cancellationToken)
    {
        try
        {
            return await store.LeaseAsync(slot, binding, LeaseMode.Wait, cancellationToken).ConfigureAwait(false);
        }
        catch (ConversationNotFoundException)
        {
            return await store.CreateAsync(slot, binding, null, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask DeleteAsync(ConversationKey slot, CancellationToken cancellationToken)
    {
        try
        {
            await store.DeleteAsync(slot, LeaseMode.Wait, cancellationToken).ConfigureAwait(false);
        }
        catch (ConversationNotFoundException)
        {
            // Nothing to remove.
        }
    }

    private static ConversationKey Slot(ConversationKey key, int slot) => key with { Name = $"{key.Name}.{slot}" };

    private readonly record struct Record(int Slot, long Number, int Count, string? Text);
}
