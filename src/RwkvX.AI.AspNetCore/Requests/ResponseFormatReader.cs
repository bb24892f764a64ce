using Microsoft.Extensions.AI;

namespace RwkvX.AI.AspNetCore.Requests;

/// <summary>Reads <c>response_format</c>.</summary>
internal static class ResponseFormatReader
{
    /// <summary>The format; null where the request leaves it open.</summary>
    public static ChatResponseFormat? Read(RequestField format)
    {
        if (!format.IsPresent) return null;
        return format["type"].Required("'text', 'json_object' or 'json_schema'").OneOf("text", "json_object", "json_schema") switch
        {
            "text" => ChatResponseFormat.Text,
            "json_object" => ChatResponseFormat.Json,
            _ => Schema(format["json_schema"].Required("an object")),
        };
    }

    private static ChatResponseFormatJson Schema(RequestField format)
    {
        string name = ToolReader.Name(format["name"]);
        RequestField schema = format["schema"].Required("a JSON schema as an object");
        if (!schema.IsObject) throw schema.Expected("a JSON schema as an object");
        _ = format["strict"].Boolean(); // the answer always obeys the schema
        return ChatResponseFormat.ForJsonSchema(schema.Element.Clone(), name, format["description"].String());
    }
}
