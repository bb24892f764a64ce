using Microsoft.Extensions.AI;

namespace RwkvX.AI.Testing;

/// <summary>What a <see cref="ScriptedChatClient"/> was asked.</summary>
/// <param name="Messages">The messages.</param>
/// <param name="Options">A copy of the options as they were then; empty where none were given.</param>
public sealed record ScriptedRequest(IReadOnlyList<ChatMessage> Messages, ChatOptions Options)
{
    /// <summary>The results of functions among the messages.</summary>
    public IEnumerable<FunctionResultContent> Results => Messages.SelectMany(message => message.Contents).OfType<FunctionResultContent>();
}
