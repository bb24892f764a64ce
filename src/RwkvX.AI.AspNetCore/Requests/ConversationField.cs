using Microsoft.Extensions.AI;
using RwkvX.AI.AspNetCore.Errors;

namespace RwkvX.AI.AspNetCore.Requests;

/// <summary>
/// Our own extra: a conversation that is kept by its id, so that a request sends its new messages alone. <c>"store": true</c> begins one;
/// <c>"conversation"</c> (an id or <c>{"id": ...}</c>), or <c>metadata.conversation</c> for clients that send no other fields, goes on with it.
/// </summary>
internal static class ConversationField
{
    private const int MostCharacters = 256;

    /// <summary>Puts the conversation that a body names into options.</summary>
    public static void Read(RequestField body, ChatOptions options)
    {
        RequestField field = body["conversation"];
        string? own = field.IsObject ? field["id"].Required("a string").String(MostCharacters) : field.String(MostCharacters);
        string? metadata = body["metadata"].IsPresent ? body["metadata"]["conversation"].String(MostCharacters) : null;
        if (own is not null && metadata is not null && own != metadata)
            throw ApiException.Invalid(field.Path, "expected the same as metadata.conversation, found another id", "invalid_value");
        options.ConversationId = own ?? metadata;
        if (options.ConversationId is "") throw ApiException.Invalid(field.Path, "expected an id, found an empty one", "invalid_value");
        if (body["store"].Boolean() is { } store && options.ConversationId is null) (options.AdditionalProperties ??= [])["rwkvx.store"] = store;
    }
}
