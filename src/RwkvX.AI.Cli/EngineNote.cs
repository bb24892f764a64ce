using RwkvX.AI.Models;

namespace RwkvX.AI.Cli;

/// <summary>What a run says of the engine that it took.</summary>
internal static class EngineNote
{
    /// <summary>One line for people; null where they named what they got.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="taken">What runs.</param>
    /// <param name="passedOver">Why <c>auto</c> did not take a GPU; null where it did.</param>
    public static string? Of(EngineRequest request, EngineInfo taken, string? passedOver)
    {
        if (request.Device != "auto" || request.Engine == "cpu") return null;
        // The remedies behind the reason are for those who want a GPU: they say so, and get all of it.
        string why = passedOver is null ? "" : $"; no GPU: {passedOver.ReplaceLineEndings(" ").Split(". ")[0].TrimEnd('.')}";
        return $"device auto took {taken.Device}, engine {taken.Name} ({taken.Description}), {taken.Precision}{why}";
    }
}
