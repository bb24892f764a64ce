using Microsoft.Extensions.AI;

namespace RwkvX.AI.Chat;

/// <summary>Where the state of one turn comes from, and where its states are kept. One object a turn.</summary>
/// <remarks>Disposing it gives back what it holds; a turn that was not kept then leaves no trace.</remarks>
internal interface ITurnStates : IAsyncDisposable
{
    /// <summary>Whether states are wanted at message borders at all.</summary>
    bool KeepsStates { get; }

    /// <summary>Renders what is to be read and finds a state to go on from.</summary>
    /// <param name="messages">The request's messages.</param>
    /// <param name="tools">The functions that are declared.</param>
    /// <param name="begun">Ids that the answer is begun with, to be run after the prompt.</param>
    /// <param name="cancellationToken">Acts while waiting for a conversation's other writer, and while restoring.</param>
    ValueTask<TurnStart> BeginAsync(
        IReadOnlyList<ChatMessage> messages, IReadOnlyList<AIFunctionDeclaration> tools, int[] begun, CancellationToken cancellationToken);

    /// <summary>Keeps what a complete turn led to.</summary>
    /// <param name="end">The turn's end; its states are owned from now on.</param>
    /// <param name="cancellationToken">Acts before anything is kept.</param>
    /// <returns>Whether the next turn can go on from here.</returns>
    ValueTask<bool> KeepAsync(TurnEnd end, CancellationToken cancellationToken);

    /// <summary>What the response says about where the turn's state was and is, once it is kept; null for nothing.</summary>
    AdditionalPropertiesDictionary? Describe();
}
