using Microsoft.Extensions.AI;
using RwkvX.AI.Models;

namespace RwkvX.AI.Chat;

/// <summary>What a turn begins with.</summary>
/// <param name="Messages">The messages that are read: the request's, or those of them that the conversation does not have yet.</param>
/// <param name="Rendered">What they are written down as, up to where the answer opens.</param>
/// <param name="State">A state that has consumed <paramref name="Skipped"/> of these tokens; the turn owns it.</param>
/// <param name="Skipped">Tokens that need not be run.</param>
internal readonly record struct TurnStart(IReadOnlyList<ChatMessage> Messages, EncodedPrompt Rendered, RwkvXState State, int Skipped)
{
    /// <summary>Tokens of the conversation before the prompt; 0 where the prompt is all of it.</summary>
    public long Before { get; init; }

    /// <summary>Those of them that had to be run again.</summary>
    public long Replayed { get; init; }
}
