using RwkvX.AI.Generation.Scheduling;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Memory;

/// <summary>Runs tokens over states outside of turns.</summary>
/// <param name="model">The engine.</param>
/// <param name="limits">How long reading may keep it from others.</param>
internal sealed class TokenFeed(IRwkvXModel model, PassLimits limits)
{
    private readonly PassScheduler _scheduler = PassScheduler.For(model);

    /// <summary>Runs tokens beside whatever else runs; a cancelled run leaves a state that can only be disposed.</summary>
    /// <param name="state">The state, advanced in place.</param>
    /// <param name="tokens">(T) token ids, T ≥ 1.</param>
    /// <param name="ran">Told now and then how many of the tokens ran, and at the end.</param>
    /// <param name="cancellationToken">Acts inside passes.</param>
    /// <returns>The tokens with the spans that they ran in.</returns>
    public Task<TokensRecord> RunAsync(RwkvXState state, int[] tokens, Action<int>? ran, CancellationToken cancellationToken) => Task.Run(async () =>
    {
        List<int> spans = [];
        using ScheduledSequence sequence = _scheduler.Open(limits);
        sequence.Spans = spans;
        for (int start = 0; start < tokens.Length; start += limits.PrefillSpan)
        {
            int end = Math.Min(start + limits.PrefillSpan, tokens.Length);
            await sequence.RunAsync(state, tokens.AsMemory(start..end), default, cancellationToken).ConfigureAwait(false);
            ran?.Invoke(end);
        }

        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // what follows is too long for the loop of passes
        return new TokensRecord(tokens, spans.ToArray());
    }, cancellationToken);

    /// <summary>Runs logged tokens in the spans in which they ran first, and drops pages where they were dropped, whatever else waits for the engine.</summary>
    /// <returns>How many there were.</returns>
    public Task<long> ReplayAsync(RwkvXState state, IEnumerable<LogRecord> records, CancellationToken cancellationToken) => Task.Run(() =>
    {
        long count = 0;
        foreach (LogRecord record in records)
        {
            if (record is DropRecord drop) drop.Apply(state);
            if (record is not TokensRecord run) continue;
            int start = 0;
            foreach (int span in run.Spans.Span)
            {
                model.Forward(state, run.Tokens.Slice(start, span), default, cancellationToken);
                start += span;
            }

            count += start;
        }

        return count;
    }, cancellationToken);
}
