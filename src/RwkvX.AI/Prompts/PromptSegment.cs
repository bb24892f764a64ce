using Microsoft.Extensions.AI;

namespace RwkvX.AI.Prompts;

/// <summary>A part of a prompt, from one message border to the next.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">The exact text, with its labels and line breaks.</param>
/// <param name="Message">
/// The message that it comes from; null for the <see cref="PromptSegmentKind.AssistantPrefix"/> that ends the prompt, and for the declaration of functions.
/// </param>
public sealed record PromptSegment(PromptSegmentKind Kind, string Text, ChatMessage? Message);
