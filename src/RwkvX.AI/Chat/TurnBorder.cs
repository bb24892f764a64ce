using RwkvX.AI.Models;

namespace RwkvX.AI.Chat;

/// <summary>A state at a message border of a prompt.</summary>
/// <param name="Length">Tokens of the prompt before the border.</param>
/// <param name="State">The state there.</param>
/// <param name="Spans">Lengths of the spans in which the tokens after the skipped ones ran over it.</param>
internal readonly record struct TurnBorder(int Length, RwkvXState State, int[] Spans);
