using System.Threading.Channels;
using Microsoft.Extensions.AI;
using RwkvX.AI.Generation;
using RwkvX.AI.Models;
using RwkvX.AI.Prompts;

namespace RwkvX.AI.Chat;

/// <summary>One request, from messages to the state at the end of its answer.</summary>
/// <remarks>
/// A recurrent state cannot be cut back. So forks are kept aside at the prompt's message borders, and one more while the answer is
/// undecided (what is held back may be a stop sequence); they are kept together when the answer is complete. A turn that is cancelled or
/// fails leaves what is kept as it was.
/// </remarks>
internal sealed class ChatTurn : IDisposable
{
    private readonly ChatContext _context;
    private readonly IReadOnlyList<ChatMessage> _messages;
    private readonly GenerationSettings _settings;
    private readonly ITurnStates _states;
    private readonly List<(int Length, RwkvXState State, int[] Spans)> _kept = []; // at the prompt's borders, ascending
    private readonly List<int> _spans = []; // lengths of the passes over the prompt
    private readonly AnswerText _answer;
    private RwkvXState? _state; // has consumed the prompt and all sampled ids but the last
    private RwkvXState? _branch; // forked where the answer became undecided; null while it is not
    private int _branchIds; // sampled ids that the branch has consumed

    public ChatTurn(ChatContext context, IReadOnlyList<ChatMessage> messages, GenerationSettings settings, ITurnStates states)
    {
        _states = states;
        _context = context;
        _messages = messages;
        _settings = settings;
        _answer = new AnswerText(context.Tokenizer, context.Template.StopSequences, settings.StopSequences);
    }

    /// <summary>Runs the turn; parts of the answer go out as soon as no stop sequence can begin in them.</summary>
    /// <param name="parts">Where the parts go.</param>
    /// <param name="cancellationToken">Acts inside engine passes and while waiting for one.</param>
    public async Task<TurnResult> RunAsync(ChannelWriter<string> parts, CancellationToken cancellationToken)
    {
        try
        {
            TurnStart start = await _states.BeginAsync(_messages, cancellationToken).ConfigureAwait(false);
            _state = start.State;
            TokenGenerator generator = new(_context.Model, _state, _settings.Sampling, _context.PrefillSpan);
            await PrefillAsync(generator, start, cancellationToken).ConfigureAwait(false);
            ChatFinishReason reason = await DecodeAsync(generator, parts, cancellationToken).ConfigureAwait(false);
            bool isKept = await KeepAsync(start, cancellationToken).ConfigureAwait(false);
            return new TurnResult(reason, start.Before + start.Prompt.Tokens.Length, start.Before - start.Replayed + start.Skipped, OutputTokens, isKept);
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Tokens sampled so far.</summary>
    private int OutputTokens { get; set; }

    /// <summary>Gives back the states that were not kept.</summary>
    public void Dispose()
    {
        _state?.Dispose();
        _branch?.Dispose();
        _kept.ForEach(border => border.State.Dispose());
        _kept.Clear();
        _state = _branch = null;
    }

    private async Task PrefillAsync(TokenGenerator generator, TurnStart turn, CancellationToken cancellationToken)
    {
        EncodedPrompt prompt = turn.Prompt;
        int start = turn.Skipped;
        foreach (int border in prompt.Borders.Where(border => border > turn.Skipped && border < prompt.Tokens.Length))
        {
            _spans.AddRange(await RunAsync(generator.Prefill(prompt.Tokens.AsMemory(start..border), isLast: false, cancellationToken), cancellationToken).ConfigureAwait(false));
            start = border;
            if (_states.KeepsStates)
            {
                _kept.Add((border, _state!.Fork(), [.. _spans]));
            }
        }

        _spans.AddRange(await RunAsync(generator.Prefill(prompt.Tokens.AsMemory(start..), isLast: true, cancellationToken), cancellationToken).ConfigureAwait(false));
    }

    private async Task<ChatFinishReason> DecodeAsync(TokenGenerator generator, ChannelWriter<string> parts, CancellationToken cancellationToken)
    {
        ChatFinishReason reason = ChatFinishReason.Length;
        using IEnumerator<int> tokens = generator.Decode(_settings.MaxOutputTokens, cancellationToken).GetEnumerator();
        while (reason == ChatFinishReason.Length && await StepAsync(tokens, cancellationToken).ConfigureAwait(false))
        {
            OutputTokens++;
            bool isOver = tokens.Current == _context.EndOfText;
            if (!isOver)
            {
                Write(parts, _answer.Append(tokens.Current));
                Branch();
                isOver = _answer.IsStopped;
            }

            reason = isOver ? ChatFinishReason.Stop : reason;
        }

        Write(parts, _answer.Finish());
        return reason;
    }

    /// <summary>Keeps the state from before the first undecided id; it was sampled, but not yet consumed.</summary>
    private void Branch()
    {
        if (!_answer.IsUndecided && !_answer.IsStopped)
        {
            _branch?.Dispose();
            _branch = null;
        }
        else if (_branch is null && !_answer.IsStopped && _states.KeepsStates)
        {
            _branch = _state!.Fork();
            _branchIds = _answer.Ids.Count - 1;
        }
    }

    /// <summary>Brings a state to the border after the answer, as the next turn will render it, and has all states kept.</summary>
    /// <returns>Whether the last of them is.</returns>
    private async Task<bool> KeepAsync(TurnStart start, CancellationToken cancellationToken)
    {
        if (!_states.KeepsStates)
        {
            return true; // nobody asked for more
        }

        ChatMessage answer = new(ChatRole.Assistant, _answer.Visible);
        int[] prompt = start.Prompt.Tokens, ids = _answer.KeptIds();
        int[] tokens = [.. prompt, .. ids, .. _context.Tokenizer.Encode(_context.Template.AnswerEnd)];
        RwkvXState? last = null;
        if (IsRendered(start.Messages, answer))
        {
            last = StateFor(tokens.AsSpan(prompt.Length));
            int consumed = checked((int)(last.TokenCount - start.Before));
            _spans.AddRange(Enumerable.Repeat(1, consumed - prompt.Length)); // the answer was read a token at a time
            TokenGenerator generator = new(_context.Model, last, _settings.Sampling, _context.PrefillSpan);
            _spans.AddRange(await RunAsync(generator.Prefill(tokens.AsMemory(consumed), isLast: false, cancellationToken), cancellationToken).ConfigureAwait(false));
        }

        cancellationToken.ThrowIfCancellationRequested();
        _state = last == _state ? null : _state;
        _branch = last == _branch ? null : _branch;
        TurnEnd end = new(start, answer, ids, [.. _kept]) { State = last, Tokens = last is null ? [] : tokens, Spans = last is null ? [] : [.. _spans] };
        _kept.Clear();
        return await _states.KeepAsync(end, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The state that has consumed most of the answer and its end, and nothing else.</summary>
    private RwkvXState StateFor(ReadOnlySpan<int> answerAndEnd)
    {
        ReadOnlySpan<int> sampled = [.. _answer.Ids];
        int consumed = OutputTokens - 1; // the last sampled id was not fed
        return _branch is null || answerAndEnd.StartsWith(sampled[..consumed]) ? _state! : _branch;
    }

    /// <summary>Whether the template writes an answer down at all: one without text leaves no trace in the next prompt.</summary>
    private bool IsRendered(IReadOnlyList<ChatMessage> messages, ChatMessage answer) =>
        _context.Template.Render([.. messages, answer]).Any(segment => segment.Kind == PromptSegmentKind.Assistant && segment.Message == answer);

    private static void Write(ChannelWriter<string> parts, string text)
    {
        if (text.Length > 0)
        {
            parts.TryWrite(text); // unbounded: a slow reader holds nothing up
        }
    }

    /// <summary>Runs all passes of a prefill.</summary>
    /// <returns>Their lengths.</returns>
    private async Task<List<int>> RunAsync(IEnumerable<int> steps, CancellationToken cancellationToken)
    {
        List<int> spans = [];
        int done = 0;
        using IEnumerator<int> enumerator = steps.GetEnumerator();
        while (await StepAsync(enumerator, cancellationToken).ConfigureAwait(false))
        {
            spans.Add(enumerator.Current - done);
            done = enumerator.Current;
        }

        return spans;
    }

    /// <summary>One engine pass.</summary>
    private async ValueTask<bool> StepAsync(IEnumerator<int> steps, CancellationToken cancellationToken)
    {
        await _context.Passes.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return steps.MoveNext();
        }
        finally
        {
            _context.Passes.Release();
        }
    }
}
