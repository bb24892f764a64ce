using System.Diagnostics;
using Microsoft.Extensions.AI;
using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.Prompts;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Chat;

/// <summary>With a conversation id: the caller sends only what is new, and the turn becomes part of the stored conversation.</summary>
/// <param name="context">The client's.</param>
/// <param name="choice">Which conversation.</param>
internal sealed class StoredTurnStates(ChatContext context, ConversationChoice choice) : ITurnStates
{
    private ConversationEdit? _edit;
    private LogPosition _head;
    private TimeSpan _commitTime;

    public bool KeepsStates => true;

    public async ValueTask<TurnStart> BeginAsync(
        IReadOnlyList<ChatMessage> messages, IReadOnlyList<AIFunctionDeclaration> tools, int[] begun, CancellationToken cancellationToken)
    {
        _edit = await context.Memory.States.BeginAsync(choice.Key, choice.IsNew, cancellationToken).ConfigureAwait(false);
        List<ChatMessage> fresh = [.. messages];
        bool asks = tools.Count > 0 || fresh.Exists(message => message.AuthorName == ConversationNotes.InstructionsName || HasResults(message));
        ConversationNotes notes = asks ? await _edit.NotesAsync(cancellationToken).ConfigureAwait(false) : ConversationNotes.None;
        // Agents send instructions and functions with every request; the conversation has read them already, unless they changed.
        if (fresh is [{ AuthorName: ConversationNotes.InstructionsName } first, ..] && first.Text == notes.Instructions) fresh.RemoveAt(0);
        string declared = tools.Count == 0 ? "" : ToolMessages.Declare(tools, context.Template.ToolCalls);
        bool declares = declared.Length > 0 && declared != notes.Tools;
        EncodedPrompt prompt = EncodedPrompt.OfNew(Render(fresh, declares ? tools : [], notes.Answer), context.Tokenizer);
        if (declares) fresh.Insert(0, new ChatMessage(ChatRole.System, declared) { AuthorName = ConversationNotes.ToolsName });
        return new TurnStart(fresh, prompt, _edit.TakeState(), Skipped: 0) { Before = _edit.Start, Replayed = _edit.Restored.ReplayedTokens };
    }

    public async ValueTask<bool> KeepAsync(TurnEnd end, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        (RwkvXState? state, int[] tokens, int[] spans) = (end.State, end.Tokens, end.Spans);
        foreach (TurnBorder border in end.Borders)
        {
            if (state is null) (state, tokens, spans) = (border.State, end.Start.Rendered.Tokens[..border.Length], border.Spans);
            else border.State.Dispose();
        }

        if (state is null) return false; // no message and no answer: nothing was said
        List<LogRecord> records = [.. end.Start.Messages.SelectMany(MessageRecords.Of), .. MessageRecords.Of(end.Answer), new TokensRecord(tokens, spans)];
        try
        {
            if (end.State is null) records.AddRange(await ReadAnswerAsync(state, end.Answer, cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            state.Dispose();
            throw;
        }

        records.Add(new TurnRecord());
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
        ["rwkvx.retention"] = context.Memory.States.Retention.Name,
        ["rwkvx.dropped_pages"] = (long)_edit.DroppedInAll.Pages,
        ["rwkvx.dropped_bytes"] = _edit.DroppedInAll.Bytes,
        ["rwkvx.turn_dropped_pages"] = _edit.Dropped.Pages,
        ["rwkvx.turn_dropped_bytes"] = _edit.Dropped.Bytes,
    };

    public ValueTask DisposeAsync() => _edit?.DisposeAsync() ?? default;

    /// <summary>What new messages are written down as. Results of functions go by the names in the calls, which are in the last answer.</summary>
    private IEnumerable<PromptSegment> Render(List<ChatMessage> fresh, IReadOnlyList<AIFunctionDeclaration> tools, ChatMessage? answer)
    {
        if (answer is null || !fresh.Exists(HasResults)) return context.Template.Render(fresh, tools);
        int known = context.Template.Render([answer], []).Count - 1;
        int declared = context.Template.Render([], tools).Count - 1;
        IReadOnlyList<PromptSegment> all = context.Template.Render([answer, .. fresh], tools);
        return [.. all.Take(declared), .. all.Skip(declared + known)];
    }

    private static bool HasResults(ChatMessage message) => message.Contents.Any(content => content is FunctionResultContent);

    /// <summary>Reads an answer as any message is read, where its own ids are not what the next prompt would have.</summary>
    private async ValueTask<IEnumerable<LogRecord>> ReadAnswerAsync(RwkvXState state, ChatMessage answer, CancellationToken cancellationToken)
    {
        int[] tokens = [.. context.Template.Render([answer], []).SkipLast(1).SelectMany(segment => context.Tokenizer.Encode(segment.Text))];
        return tokens.Length == 0 ? [] : [await context.Memory.States.Feed.RunAsync(state, tokens, null, cancellationToken).ConfigureAwait(false)];
    }
}
