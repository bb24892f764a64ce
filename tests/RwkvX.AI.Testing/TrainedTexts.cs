using System.Text.Json;

namespace RwkvX.AI.Testing;

/// <summary>Texts of the kinds that the small trained models know: <c>chat</c>, and <c>passkey2k</c>, the published prompt.</summary>
public static class TrainedTexts
{
    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = ["chat", "passkey2k"];

    /// <summary>Reads one.</summary>
    public static string Read(string name)
    {
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Fixtures, "bootstrap-cases.json")));
        return cases.RootElement.GetProperty(name).GetProperty("text").GetString()!;
    }
}
