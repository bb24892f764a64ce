using System.Threading.Channels;
using Microsoft.Extensions.AI;

namespace RwkvX.AI.Chat.Requests;

/// <summary>The way of an answer's parts from the turn that writes to the caller who reads.</summary>
/// <remarks>
/// A reader may fall behind by a bounded number of parts without anybody waiting. After that the turn waits and lets other requests have its
/// place; a reader that takes nothing for <paramref name="readerTimeout"/> loses its request.
/// </remarks>
/// <param name="slot">The request's place.</param>
/// <param name="parts">Bounded.</param>
/// <param name="readerTimeout">How long a reader may take nothing; infinite never ends.</param>
/// <param name="time">The clock of that.</param>
internal sealed class AnswerStream(RequestSlot slot, ChannelWriter<AIContent> parts, TimeSpan readerTimeout, TimeProvider time)
{
    /// <summary>Passes a part on if the reader has not fallen behind.</summary>
    public bool TryWrite(AIContent content) => parts.TryWrite(content);

    /// <summary>Waits until the reader has taken enough, and passes a part on.</summary>
    /// <exception cref="TimeoutException">The reader took nothing for too long.</exception>
    public async ValueTask WriteAsync(AIContent content, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timeout = new(readerTimeout, time);
        slot.Suspend();
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await parts.WriteAsync(content, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            if (!parts.TryWrite(content)) // the reader may have taken one before the wait began
            {
                throw new TimeoutException($"ReaderTimeout: expected the reader to take a part of the answer within {readerTimeout}, it took none");
            }
        }

        await slot.ResumeAsync(cancellationToken).ConfigureAwait(false);
    }
}
