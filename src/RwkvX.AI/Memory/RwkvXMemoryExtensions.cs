using Microsoft.Extensions.AI;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Memory;

/// <summary>Questions to a memory.</summary>
public static class RwkvXMemoryExtensions
{
    // A fork that a crash leaves behind ends by itself.
    private static readonly ConversationOptions ForkOptions = new() { TimeToLive = TimeSpan.FromHours(1) };

    /// <summary>Asks a conversation without telling it: a fork answers, which is then deleted. Any number of questions may be asked at once.</summary>
    /// <param name="memory">Where the conversation is.</param>
    /// <param name="client">A client over the same memory.</param>
    /// <param name="key">The conversation.</param>
    /// <param name="question">The question, as its user would ask it.</param>
    /// <param name="options">How it is answered; the conversation id and the tenant are set.</param>
    /// <param name="checkpoint">The label to ask at; null = where the conversation stands.</param>
    /// <param name="cancellationToken">Stops the answer; the fork is deleted all the same.</param>
    /// <exception cref="ConversationNotFoundException">No such conversation or label.</exception>
    public static async Task<ChatResponse> AskAsync(
        this IRwkvXMemory memory,
        IChatClient client,
        ConversationKey key,
        string question,
        ChatOptions? options = null,
        string? checkpoint = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(client);
        ArgumentException.ThrowIfNullOrEmpty(question);
        ConversationKey fork = new(key.Tenant, $"ask-{Guid.NewGuid():n}");
        await memory.ForkAsync(key, fork, checkpoint, ForkOptions, cancellationToken).ConfigureAwait(false);
        try
        {
            options = options?.Clone() ?? new ChatOptions();
            options.ConversationId = fork.Name;
            (options.AdditionalProperties ??= [])["rwkvx.tenant"] = fork.Tenant;
            ChatResponse response = await client.GetResponseAsync([new ChatMessage(ChatRole.User, question)], options, cancellationToken).ConfigureAwait(false);
            response.ConversationId = null; // it is gone
            return response;
        }
        finally
        {
            await memory.DeleteAsync(fork, CancellationToken.None).ConfigureAwait(false);
        }
    }
}
