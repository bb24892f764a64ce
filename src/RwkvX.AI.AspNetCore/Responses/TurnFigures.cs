namespace RwkvX.AI.AspNetCore.Responses;

/// <summary>What a turn left behind and how fast it went, as the chat page shows it.</summary>
/// <param name="RememberedTokens">Tokens of the conversation up to the end of the answer.</param>
/// <param name="StateBytes">Bytes of all states that the model keeps at message borders; null where the client is none of ours.</param>
/// <param name="ReadMilliseconds">Time up to the first part of the answer: waiting and reading what is new; null outside of a stream.</param>
/// <param name="WriteMilliseconds">Time from there to the end of the answer; the whole time outside of a stream.</param>
internal sealed record TurnFigures(long RememberedTokens, long? StateBytes, double? ReadMilliseconds, double WriteMilliseconds);
