namespace RwkvX.AI.AspNetCore.Responses;

/// <summary>A whole answer, or a part of one in a stream.</summary>
internal sealed class ChatCompletion
{
    /// <summary>The same in all parts of an answer.</summary>
    public required string Id { get; init; }

    /// <summary><c>chat.completion</c> or <c>chat.completion.chunk</c>.</summary>
    public required string Object { get; init; }

    /// <summary>Unix time, in seconds.</summary>
    public required long Created { get; init; }

    /// <summary>The model that answered, under the name by which it is served.</summary>
    public required string Model { get; init; }

    /// <summary>One answer; none in the part that tells the usage.</summary>
    public required IReadOnlyList<ChatChoice> Choices { get; init; }

    /// <summary>Tokens; in a stream only its last part has them, and only where asked for.</summary>
    public ChatUsage? Usage { get; init; }

    /// <summary>Our own extra: the stored conversation that the answer belongs to.</summary>
    public ConversationReference? Conversation { get; init; }

    /// <summary>Our own extra, beside the usage: what is remembered and how fast it went.</summary>
    public TurnFigures? Rwkvx { get; init; }
}
