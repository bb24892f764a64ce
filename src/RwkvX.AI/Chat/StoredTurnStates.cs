using System.Diagnostics;
using Microsoft.Extensions.AI;
using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Chat;

/// <summary>With a conversation id: the caller sends only what is new, and the turn becomes part of the stored conversation.</summary>
/// <param name="context">The client's.</param>
/// <param name="memory">Where the conversation is kept.</param>
/// <param name="choice">Which conversation.</param>
internal sealed class StoredTurnStates(ChatContext context, RwkvXMemory memory, ConversationChoice choice) : ITurnStates
{
    private ConversationEdit? _edit;
    private LogPosition _head;
    private TimeSpan _commitTime;

    public bool KeepsStates => true;

    public async ValueTask<TurnStart> BeginAsync(IReadOnlyList<ChatMessage> messages, CancellationToken cancellationToken)
    {
        _edit = await memory.States.BeginAsync(choice.Key, choice.IsNew, cancellationToken).ConfigureAwait(false);
        // Agents send their instructions with every request; the conversation has read them already, unless they changed.
        if (messages is [{ AuthorName: MessageRecords.InstructionsName } first, ..] && first.Text == await _edit.InstructionsAsync(cancellationToken).ConfigureAwait(false))
            messages = [.. messages.Skip(1)];
        EncodedPrompt prompt = EncodedPrompt.OfNew(messages, context);
        return new TurnStart(messages, prompt, _edit.TakeState(), Skipped: 0) { Before = _edit.Start, Replayed = _edit.Restored.ReplayedTokens };
    }

    public async ValueTask<bool> KeepAsync(TurnEnd end, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        (RwkvXState? state, int[] tokens, int[] spans) = (end.State, end.Tokens, end.Spans);
        if (state is null && end.Borders is [.., (int length, { } border, int[] borderSpans)]) (state, tokens, spans) = (border, end.Start.Prompt.Tokens[..length], borderSpans);
        foreach ((_, RwkvXState other, _) in end.Borders)
            if (other != state) other.Dispose();
        List<LogRecord> records = [.. end.Start.Messages.SelectMany(MessageRecords.Of), .. MessageRecords.Of(end.Answer)];
        if (tokens.Length > 0) records.Add(new TokensRecord(tokens, spans));
        records.Add(new TurnRecord());
        if (state is null) return false; // no message and no answer: nothing was said
        _head = await _edit!.CommitAsync(state, records, cancellationToken).ConfigureAwait(false);
        _commitTime = Stopwatch.GetElapsedTime(begun);
        return true;
    }

    public AdditionalPropertiesDictionary? Describe() => _edit is null ? null : new AdditionalPropertiesDictionary
    {
        ["rwkvx.tenant"] = choice.Key.Tenant,
        ["rwkvx.restored_from"] = _edit.Restored.From.ToString().ToLowerInvariant(),
        ["rwkvx.restore_ms"] = _edit.Restored.Elapsed.TotalMilliseconds,
        ["rwkvx.replayed_tokens"] = _edit.Restored.ReplayedTokens,
        ["rwkvx.store_ms"] = _commitTime.TotalMilliseconds,
        ["rwkvx.conversation_tokens"] = _head.Tokens,
        ["rwkvx.retention"] = "keep-all",
        ["rwkvx.dropped_pages"] = 0L,
    };

    public ValueTask DisposeAsync() => _edit?.DisposeAsync() ?? default;
}
