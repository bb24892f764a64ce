using Microsoft.Extensions.AI;
using RwkvX.AI.Chat.Requests;
using RwkvX.AI.Generation;
using RwkvX.AI.Generation.Scheduling;
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
    private readonly List<TurnBorder> _kept = []; // at the prompt's borders, ascending
    private readonly List<int> _spans = []; // tokens that each pass ran over the state
    private readonly AnswerPlan _plan;
    private readonly AnswerText _answer;
    private readonly int[] _start; // ids that the answer is begun with
    private RwkvXState? _state; // has consumed the prompt and all sampled ids but the last
    private RwkvXState? _branch; // forked where the answer became undecided; null while it is not
    private int _branchSpans; // passes before it

    public ChatTurn(ChatContext context, IReadOnlyList<ChatMessage> messages, GenerationSettings settings, ITurnStates states)
    {
        _states = states;
        _context = context;
        _messages = messages;
        _settings = settings;
        _plan = AnswerPlan.For(settings, context);
        _answer = new AnswerText(context.Tokenizer, _plan.Form);
        _start = context.Tokenizer.Encode(_plan.Start);
        if (_start.Length > 0)
        {
            _answer.Begin(_start, settings.Thinks == true);
        }
    }

    /// <summary>Runs the turn; parts of the answer go out as soon as no stop sequence can begin in them.</summary>
    /// <param name="parts">Where the parts go.</param>
    /// <param name="measure">Is told of every token.</param>
    /// <param name="cancellationToken">Acts inside engine passes and while waiting for one.</param>
    public async Task<TurnResult> RunAsync(AnswerStream parts, RequestMeasure measure, CancellationToken cancellationToken)
    {
        try
        {
            TurnStart start = await _states.BeginAsync(_messages, _settings.Tools.Declared, _start, cancellationToken).ConfigureAwait(false);
            _state = start.State;
            int[] prompt = [.. start.Rendered.Tokens, .. _start];
            ChatFinishReason reason;
            using (TokenGenerator generator = new(_context.Scheduler, _state, _settings.Sampling, _context.Limits, _plan.Constraint, _settings.Priority) { Spans = _spans })
            {
                await PrefillAsync(generator, prompt, start, cancellationToken).ConfigureAwait(false);
                reason = await DecodeAsync(generator, parts, measure, cancellationToken).ConfigureAwait(false);
            }

            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // what follows is too long for the loop of passes
            bool isKept = await KeepAsync(start, cancellationToken).ConfigureAwait(false);
            return new TurnResult(reason, start.Before + prompt.Length, start.Before - start.Replayed + start.Skipped, OutputTokens, isKept);
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

    private async Task PrefillAsync(TokenGenerator generator, int[] prompt, TurnStart turn, CancellationToken cancellationToken)
    {
        int start = turn.Skipped;
        foreach (int border in turn.Rendered.Borders.Where(border => border > turn.Skipped && border < prompt.Length))
        {
            await generator.PrefillAsync(prompt.AsMemory(start..border), isLast: false, cancellationToken).ConfigureAwait(false);
            start = border;
            if (_states.KeepsStates)
            {
                _kept.Add(new TurnBorder(border, _state!.Fork(), [.. _spans]));
            }
        }

        await generator.PrefillAsync(prompt.AsMemory(start..), isLast: true, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ChatFinishReason> DecodeAsync(
        TokenGenerator generator, AnswerStream parts, RequestMeasure measure, CancellationToken cancellationToken)
    {
        ChatFinishReason reason = ChatFinishReason.Length;
        while (reason == ChatFinishReason.Length && OutputTokens < _settings.MaxOutputTokens && generator.CanContinue)
        {
            int token = await generator.NextAsync(_settings.MaxOutputTokens - OutputTokens, cancellationToken).ConfigureAwait(false);
            OutputTokens++;
            measure.Token();
            bool isOver = _plan.Constraint?.IsEnded ?? token == _context.EndOfText;
            if (!isOver)
            {
                List<AIContent> contents = _answer.Append(token);
                Branch();
                await WriteAsync(generator, parts, contents, cancellationToken).ConfigureAwait(false);
                isOver = _answer.IsStopped;
            }

            reason = isOver ? ChatFinishReason.Stop : reason;
        }

        await WriteAsync(generator, parts, _answer.Finish(), cancellationToken).ConfigureAwait(false);
        if (_answer.Calls.Count > 0)
        {
            return ChatFinishReason.ToolCalls;
        }

        return _plan.Constraint is { IsComplete: true } ? ChatFinishReason.Stop : reason;
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
            _branchSpans = _spans.Count;
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

        ChatMessage answer = _answer.ToMessage();
        int[] rendered = start.Rendered.Tokens, ids = _answer.KeptIds();
        int[] tokens = [.. rendered, .. ids, .. _context.Tokenizer.Encode(_context.Template.AnswerEnd)];
        (RwkvXState? last, int[] lastSpans) = (null, []);
        if (IsRendered(answer))
        {
            last = StateFor(tokens.AsSpan(rendered.Length));
            List<int> spans = last == _branch ? [.. _spans[.._branchSpans]] : _spans;
            using ScheduledSequence sequence = _context.Scheduler.Open(_context.Limits, _settings.Priority);
            sequence.Spans = spans;
            await sequence.RunAsync(last, tokens.AsMemory(checked((int)(last.TokenCount - start.Before))), default, cancellationToken).ConfigureAwait(false);
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // as above
            lastSpans = [.. spans];
        }

        cancellationToken.ThrowIfCancellationRequested();
        _state = last == _state ? null : _state;
        _branch = last == _branch ? null : _branch;
        TurnEnd end = new(start, answer, ids, [.. _kept]) { State = last, Tokens = last is null ? [] : tokens, Spans = lastSpans };
        _kept.Clear();
        return await _states.KeepAsync(end, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The state that has consumed most of the answer and its end, and nothing else.</summary>
    private RwkvXState StateFor(ReadOnlySpan<int> answerAndEnd)
    {
        ReadOnlySpan<int> sampled = [.. _answer.Ids];
        int consumed = _start.Length + Math.Max(0, OutputTokens - 1); // the last sampled id was not fed
        return _branch is null || answerAndEnd.StartsWith(sampled[..consumed]) ? _state! : _branch;
    }

    /// <summary>
    /// Whether the next prompt has the answer as it was written: one without text leaves no trace there, and one under a grammar that holds what
    /// would open a turn is not taken over.
    /// </summary>
    private bool IsRendered(ChatMessage answer)
    {
        string raw = _answer.Raw;
        bool opensTurn = _plan.Form.IsConstrained && _context.Template.StopSequences.Any(stop => raw.Contains(stop, StringComparison.Ordinal));
        return !opensTurn && _context.Template.Render([answer], []).Any(segment => segment.Kind == PromptSegmentKind.Assistant);
    }

    private static async ValueTask WriteAsync(
        TokenGenerator generator, AnswerStream parts, List<AIContent> contents, CancellationToken cancellationToken)
    {
        foreach (AIContent content in contents)
        {
            if (!parts.TryWrite(content))
            {
                generator.Pause();
                await parts.WriteAsync(content, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
