using Microsoft.Extensions.AI;

namespace RwkvX.AI.Chat;

/// <summary>The functions of a request, and what the answer may do with them.</summary>
/// <param name="Declared">What the model is told about.</param>
/// <param name="Callable">What it may call; empty for none.</param>
/// <param name="MustCall">Whether the answer must be a call.</param>
/// <param name="AllowsMany">Whether it may be several.</param>
internal sealed record ToolUse(
    IReadOnlyList<AIFunctionDeclaration> Declared, IReadOnlyList<AIFunctionDeclaration> Callable, bool MustCall, bool AllowsMany)
{
    /// <summary>No functions.</summary>
    public static ToolUse None { get; } = new([], [], false, false);
}
