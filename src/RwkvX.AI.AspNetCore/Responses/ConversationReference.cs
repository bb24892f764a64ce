namespace RwkvX.AI.AspNetCore.Responses;

/// <summary>A conversation that is kept here.</summary>
/// <param name="Id">What the next request names it by.</param>
internal sealed record ConversationReference(string Id);
