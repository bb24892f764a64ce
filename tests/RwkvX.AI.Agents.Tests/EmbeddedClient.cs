using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;

namespace RwkvX.AI.Agents.Tests;

/// <summary>The embedded model, loaded once for a class of tests.</summary>
public sealed class EmbeddedClient : IDisposable
{
    public RwkvXChatClient Client { get; } = new();

    public static ChatOptions Greedy => new() { Temperature = 0, MaxOutputTokens = 24 };

    /// <summary>An agent that chooses greedily.</summary>
    public ChatClientAgent NewAgent(string? instructions = null)
    {
        ChatOptions options = Greedy;
        options.Instructions = instructions;
        return new ChatClientAgent(Client, new ChatClientAgentOptions { Name = "Nora", ChatOptions = options });
    }

    /// <summary>What the client alone says.</summary>
    public async Task<string> AnswerAsync(CancellationToken cancellationToken, params ChatMessage[] messages) =>
        (await Client.GetResponseAsync(messages, Greedy, cancellationToken)).Text;

    public void Dispose() => Client.Dispose();
}
