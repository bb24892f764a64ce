namespace RwkvX.AI.AspNetCore.Responses;

/// <summary>An error as OpenAI's clients read it.</summary>
/// <param name="Error">The error.</param>
internal sealed record ErrorResponse(ErrorObject Error);
