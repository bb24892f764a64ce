using System.Threading.Channels;
using Microsoft.Extensions.AI;
using RwkvX.AI.Generation;
using RwkvX.AI.Generation.Scheduling;
using RwkvX.AI.Models;
using RwkvX.AI.Prompts;
using RwkvX.AI.Sessions;

namespace RwkvX.AI.Chat;

/// <summary>One request, from messages to the state at the end of its answer.</summary>
/// <remarks>
/// A recurrent state cannot be cut back. So forks are kept aside at the prompt's message borders, and one more while the answer is
/// undecided (what is held back may be a stop sequence); they go into the cache together when the answer is complete. A turn that is
/// cancelled or fails leaves the cache as it was.
/// </remarks>
internal sealed class ChatTurn : IDisposable
{
    private readonly ChatContext _context;
    private readonly IReadOnlyList<ChatMessage> _messages;
    private readonly GenerationSettings _settings;
    private readonly List<(int Length, RwkvXState State)> _kept = []; // at the prompt's borders, ascending
    private readonly AnswerPlan _plan;
    private readonly AnswerText _answer;
    private readonly int[] _start; // ids that the answer is begun with
    private RwkvXState? _state; // has consumed the prompt and all sampled ids but the last
    private RwkvXState? _branch; // forked where the answer became undecided; null while it is not

    public ChatTurn(ChatContext context, IReadOnlyList<ChatMessage> messages, GenerationSettings settings)
    {
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
    /// <param name="cancellationToken">Acts inside engine passes and while waiting for one.</param>
    public async Task<TurnResult> RunAsync(ChannelWriter<AIContent> parts, CancellationToken cancellationToken)
    {
        try
        {
            EncodedPrompt rendered = EncodedPrompt.Of(_messages, _settings.Tools.Declared, _context);
            EncodedPrompt prompt = rendered with { Tokens = [.. rendered.Tokens, .. _start] };
            PrefixMatch? match = _context.Cache.Take(prompt.Tokens.AsSpan()[..^1]); // the last token's logits are needed
            _state = match?.State ?? _context.Model.CreateState();
            int cached = match?.Length ?? 0;
            ChatFinishReason reason;
            using (TokenGenerator generator = new(_context.Scheduler, _state, _settings.Sampling, _context.Limits, _plan.Constraint))
            {
                await PrefillAsync(generator, prompt, cached, cancellationToken).ConfigureAwait(false);
                reason = await DecodeAsync(generator, parts, cancellationToken).ConfigureAwait(false);
            }

            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // what follows is too long for the loop of passes
            bool isKept = await KeepAsync(rendered, match?.Entry, cancellationToken).ConfigureAwait(false);
            return new TurnResult(reason, prompt.Tokens.Length, cached, OutputTokens, isKept);
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Tokens sampled so far.</summary>
    private int OutputTokens { get; set; }

    /// <summary>Gives back the states that did not go into the cache.</summary>
    public void Dispose()
    {
        _state?.Dispose();
        _branch?.Dispose();
        _kept.ForEach(border => border.State.Dispose());
        _kept.Clear();
        _state = _branch = null;
    }

    private async Task PrefillAsync(TokenGenerator generator, EncodedPrompt prompt, int cached, CancellationToken cancellationToken)
    {
        int start = cached;
        foreach (int border in prompt.Borders.Where(border => border > cached && border < prompt.Tokens.Length))
        {
            await generator.PrefillAsync(prompt.Tokens.AsMemory(start..border), isLast: false, cancellationToken).ConfigureAwait(false);
            start = border;
            if (_context.Cache.IsEnabled)
            {
                _kept.Add((border, _state!.Fork()));
            }
        }

        await generator.PrefillAsync(prompt.Tokens.AsMemory(start..), isLast: true, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ChatFinishReason> DecodeAsync(TokenGenerator generator, ChannelWriter<AIContent> parts, CancellationToken cancellationToken)
    {
        ChatFinishReason reason = ChatFinishReason.Length;
        while (reason == ChatFinishReason.Length && OutputTokens < _settings.MaxOutputTokens && generator.CanContinue)
        {
            int token = await generator.NextAsync(_settings.MaxOutputTokens - OutputTokens, cancellationToken).ConfigureAwait(false);
            OutputTokens++;
            bool isOver = _plan.Constraint?.IsEnded ?? token == _context.EndOfText;
            if (!isOver)
            {
                Write(parts, _answer.Append(token));
                Branch();
                isOver = _answer.IsStopped;
            }

            reason = isOver ? ChatFinishReason.Stop : reason;
        }

        Write(parts, _answer.Finish());
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
        else if (_branch is null && !_answer.IsStopped && _context.Cache.IsEnabled)
        {
            _branch = _state!.Fork();
        }
    }

    /// <summary>Brings a state to the border after the answer, as the next turn will render it, and gives all states to the cache.</summary>
    /// <returns>Whether the last of them is kept.</returns>
    private async Task<bool> KeepAsync(EncodedPrompt prompt, PrefixCacheEntry? origin, CancellationToken cancellationToken)
    {
        if (!_context.Cache.IsEnabled)
        {
            return true; // nobody asked for more
        }

        ChatMessage message = _answer.ToMessage();
        int[] ids = _answer.KeptIds();
        RwkvXState? last = null;
        int[] tokens = [.. prompt.Tokens, .. ids, .. _context.Tokenizer.Encode(_context.Template.AnswerEnd)];
        if (IsRendered(message))
        {
            last = StateFor(tokens.AsSpan(prompt.Tokens.Length));
            using ScheduledSequence sequence = _context.Scheduler.Open(_context.Limits);
            await sequence.RunAsync(last, tokens.AsMemory((int)last.TokenCount), default, cancellationToken).ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        bool isKept = true;
        while (_kept.Count > 0)
        {
            (int length, RwkvXState state) = _kept[0];
            _kept.RemoveAt(0);
            PrefixCacheEntry? entry = _context.Cache.Add(prompt.Tokens.AsSpan(0, length), state, origin);
            (isKept, origin) = (entry is not null, entry ?? origin);
        }

        if (last is not null)
        {
            _state = last == _state ? null : _state;
            _branch = last == _branch ? null : _branch;
            isKept = _context.Cache.Add(tokens, last, origin) is not null;
            _context.Cache.AddAnswer(prompt.Tokens, new KeptAnswer(ToolMessages.Answer(message, _context.Template.ToolCalls), ids));
        }

        return isKept;
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

    private static void Write(ChannelWriter<AIContent> parts, List<AIContent> contents)
    {
        foreach (AIContent content in contents)
        {
            parts.TryWrite(content); // unbounded: a slow reader holds nothing up
        }
    }
}
