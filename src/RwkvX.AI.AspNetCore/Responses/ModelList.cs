namespace RwkvX.AI.AspNetCore.Responses;

/// <summary>All models that can be asked for.</summary>
/// <param name="Data">The models, the default one first.</param>
internal sealed record ModelList(IReadOnlyList<ModelObject> Data)
{
    /// <summary>Always <c>list</c>.</summary>
    public string Object { get; } = "list";
}
