using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace RwkvX.AI.SemanticKernel;

/// <summary>Stored conversations where the kernel's types have no place for them; stands beneath the kernel's function invocation.</summary>
/// <remarks>
/// <para>In: the id comes from settings, typed or plain, and of a history only what the conversation does not hold yet goes on. A history
/// may therefore be kept as for any other model, if the answers go into it as they came.</para>
/// <para>Out: answers carry the id in their metadata. An answer that calls functions does not carry it as <see cref="ChatResponse.ConversationId"/>:
/// the kernel's middleware would then drop the history, and fails without its last message (Semantic Kernel 1.82).</para>
/// </remarks>
internal sealed class ConversationChatClient(IChatClient innerClient) : DelegatingChatClient(innerClient)
{
    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        (List<ChatMessage> fresh, ChatOptions? own) = Prepare(messages, options);
        ChatResponse response = await base.GetResponseAsync(fresh, own, cancellationToken).ConfigureAwait(false);
        if (response.ConversationId is not { } id) return response;
        foreach (ChatMessage message in response.Messages) message.AdditionalProperties = ConversationIds.Mark(message.AdditionalProperties, id);
        if (response.Messages.Any(message => MarkCalls(message.Contents, id))) response.ConversationId = null;
        return response;
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        (List<ChatMessage> fresh, ChatOptions? own) = Prepare(messages, options);
        bool hasCalls = false;
        await foreach (ChatResponseUpdate update in base.GetStreamingResponseAsync(fresh, own, cancellationToken).ConfigureAwait(false))
        {
            if (update.ConversationId is { } id)
            {
                update.AdditionalProperties = ConversationIds.Mark(update.AdditionalProperties, id);
                hasCalls |= MarkCalls(update.Contents, id);
                if (hasCalls || update.FinishReason is null) update.ConversationId = null; // only the end knows whether functions are called
            }

            yield return update;
        }
    }

    private static (List<ChatMessage> Fresh, ChatOptions? Options) Prepare(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        List<ChatMessage> all = [.. messages];
        ChatOptions own = options?.Clone() ?? new ChatOptions();
        ConversationIds.MoveToOptions(own);
        own.ConversationId ??= Answered(all);
        if (own.ConversationId is not { } id) return (all, options);
        int held = all.FindLastIndex(message => message.Role == ChatRole.Assistant && ConversationIds.Of(message) == id);
        return (all[(held + 1)..], own);
    }

    /// <summary>The conversation whose function calls are answered by the results at the end; null for none.</summary>
    private static string? Answered(List<ChatMessage> messages)
    {
        int last = messages.FindLastIndex(message => message.Role != ChatRole.Tool);
        return last >= 0 && last < messages.Count - 1 ? ConversationIds.Of(messages[last]) : null;
    }

    /// <summary>Marks function calls themselves too, since streams are gathered without the metadata of their updates.</summary>
    private static bool MarkCalls(IEnumerable<AIContent> contents, string id)
    {
        bool hasCalls = false;
        foreach (FunctionCallContent call in contents.OfType<FunctionCallContent>())
        {
            call.AdditionalProperties = ConversationIds.Mark(call.AdditionalProperties, id);
            hasCalls = true;
        }

        return hasCalls;
    }
}
