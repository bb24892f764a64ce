namespace RwkvX.AI.AspNetCore.Responses;

/// <summary>A model that can be asked for.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Created">When it was loaded, Unix time in seconds.</param>
/// <param name="OwnedBy">Who provides it.</param>
internal sealed record ModelObject(string Id, long Created, string OwnedBy)
{
    /// <summary>Always <c>model</c>.</summary>
    public string Object { get; } = "model";
}
