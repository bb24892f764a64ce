using System.Text.Json.Serialization;

namespace RwkvX.AI.Checkpoints;

/// <summary>The serializer of <see cref="ModelManifest"/>, generated at build time.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, AllowDuplicateProperties = false, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ModelManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
