namespace RwkvX.AI.AspNetCore.Responses;

/// <summary>The function of a tool call.</summary>
/// <param name="Name">Its name; in a stream only in the first part of a call.</param>
/// <param name="Arguments">JSON as a string, or what is added to it.</param>
internal sealed record ToolCallFunction(string? Name, string Arguments);
