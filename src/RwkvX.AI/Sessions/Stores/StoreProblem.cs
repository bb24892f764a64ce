namespace RwkvX.AI.Sessions.Stores;

/// <summary>Something in a store that is not as it should be.</summary>
/// <param name="Where">The file or record.</param>
/// <param name="What">What of it.</param>
/// <param name="Expected">What should be there.</param>
/// <param name="Found">What is there.</param>
public sealed record StoreProblem(string Where, string What, string Expected, string Found)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Where}: {What}: expected {Expected}, found {Found}";
}
