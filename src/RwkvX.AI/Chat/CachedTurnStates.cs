using Microsoft.Extensions.AI;
using RwkvX.AI.Models;
using RwkvX.AI.Prompts;
using RwkvX.AI.Sessions;

namespace RwkvX.AI.Chat;

/// <summary>Without a conversation id: the caller sends all messages, and the longest prefix that is still known is not run again.</summary>
internal sealed class CachedTurnStates(ChatContext context, string tenant) : ITurnStates
{
    private PrefixCacheEntry? _origin;

    public bool KeepsStates => context.Cache.IsEnabled;

    public ValueTask<TurnStart> BeginAsync(
        IReadOnlyList<ChatMessage> messages, IReadOnlyList<AIFunctionDeclaration> tools, int[] begun, CancellationToken cancellationToken)
    {
        EncodedPrompt prompt = EncodedPrompt.Of(messages, tools, context, tenant);
        ReadOnlySpan<int> all = [.. prompt.Tokens, .. begun];
        PrefixMatch? match = context.Cache.Take(all[..^1], tenant); // the last token's logits are needed
        _origin = match?.Entry;
        return new ValueTask<TurnStart>(new TurnStart(messages, prompt, match?.State ?? context.Model.CreateState(), match?.Length ?? 0));
    }

    public ValueTask<bool> KeepAsync(TurnEnd end, CancellationToken cancellationToken)
    {
        int[] prompt = end.Start.Rendered.Tokens;
        Queue<(int[] Tokens, RwkvXState State)> states = new(end.Borders.Select(border => (prompt[..border.Length], border.State)));
        if (end.State is { } last) states.Enqueue((end.Tokens, last));
        bool isKept = true;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            while (states.TryDequeue(out (int[] Tokens, RwkvXState State) next)) isKept = Keep(next.Tokens, next.State);
        }
        finally
        {
            foreach ((_, RwkvXState state) in states) state.Dispose(); // cancelled, or the cache is disposed
        }

        if (end.State is not null)
        {
            context.Cache.AddAnswer(prompt, new KeptAnswer(ToolMessages.Answer(end.Answer, context.Template.ToolCalls), end.AnswerIds), tenant);
        }

        return new ValueTask<bool>(isKept);
    }

    public AdditionalPropertiesDictionary? Describe() => null;

    public ValueTask DisposeAsync() => default;

    private bool Keep(ReadOnlySpan<int> tokens, RwkvXState state)
    {
        PrefixCacheEntry? entry = context.Cache.Add(tokens, state, _origin, tenant);
        _origin = entry ?? _origin;
        return entry is not null;
    }
}
