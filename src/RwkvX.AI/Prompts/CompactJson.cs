using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace RwkvX.AI.Prompts;

/// <summary>JSON for a model to read: on one line, and escaped no more than JSON asks for.</summary>
internal static class CompactJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Writes a document.</summary>
    /// <param name="write">Writes it.</param>
    public static string Write(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, Options))
        {
            write(writer);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Any value as an element, by the serializer's default options; as its text where they do not know its type.</summary>
    public static JsonElement Element(object? value)
    {
        if (value is JsonElement element) return element;
        try
        {
            return value is null
                ? default
                : JsonSerializer.SerializeToElement(value, AIJsonUtilities.DefaultOptions.GetTypeInfo(value.GetType()));
        }
        catch (NotSupportedException)
        {
            return JsonSerializer.SerializeToElement(value!.ToString()!, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(string)));
        }
    }

    /// <summary>Writes an element; null for one that is none.</summary>
    public static void WriteElement(Utf8JsonWriter writer, JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Undefined) writer.WriteNullValue();
        else element.WriteTo(writer);
    }
}
