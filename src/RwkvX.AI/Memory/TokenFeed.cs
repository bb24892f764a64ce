using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Memory;

/// <summary>Runs tokens over states outside of turns, in bounded spans, off the caller's thread.</summary>
/// <param name="model">The engine.</param>
/// <param name="prefillSpan">Tokens in one pass.</param>
internal sealed class TokenFeed(IRwkvXModel model, int prefillSpan)
{
    /// <summary>Runs tokens; a cancelled run leaves a state that can only be disposed.</summary>
    /// <param name="state">The state, advanced in place.</param>
    /// <param name="tokens">(T) token ids, T ≥ 1.</param>
    /// <param name="ran">Told after each span how many of the tokens ran.</param>
    /// <param name="cancellationToken">Acts inside spans.</param>
    /// <returns>The tokens with the spans that they ran in.</returns>
    public Task<TokensRecord> RunAsync(RwkvXState state, int[] tokens, Action<int>? ran, CancellationToken cancellationToken) => Task.Run(() =>
    {
        List<int> spans = [];
        for (int start = 0; start < tokens.Length; start += spans[^1])
        {
            spans.Add(Math.Min(prefillSpan, tokens.Length - start));
            model.Forward(state, tokens.AsMemory(start, spans[^1]), default, cancellationToken);
            ran?.Invoke(start + spans[^1]);
        }

        return new TokensRecord(tokens, spans.ToArray());
    }, cancellationToken);

    /// <summary>Runs logged tokens in the spans in which they ran first.</summary>
    /// <returns>How many there were.</returns>
    public Task<long> ReplayAsync(RwkvXState state, IEnumerable<LogRecord> records, CancellationToken cancellationToken) => Task.Run(() =>
    {
        long count = 0;
        foreach (TokensRecord record in records.OfType<TokensRecord>())
        {
            int start = 0;
            foreach (int span in record.Spans.Span)
            {
                model.Forward(state, record.Tokens.Slice(start, span), default, cancellationToken);
                start += span;
            }

            count += start;
        }

        return count;
    }, cancellationToken);
}
