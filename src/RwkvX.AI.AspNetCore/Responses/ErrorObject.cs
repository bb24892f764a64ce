using System.Text.Json.Serialization;

namespace RwkvX.AI.AspNetCore.Responses;

/// <summary>What went wrong.</summary>
/// <param name="Message">For people.</param>
/// <param name="Type">The kind of error.</param>
/// <param name="Param">The field of the request that is to blame; null for none.</param>
/// <param name="Code">A word for programs; null where the type says enough.</param>
internal sealed record ErrorObject(
    string Message,
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Param,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Code);
