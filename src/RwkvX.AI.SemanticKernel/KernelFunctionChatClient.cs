using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace RwkvX.AI.SemanticKernel;

/// <summary>Brings kernel functions and a client that constrains their arguments together; stands beneath the kernel's function invocation.</summary>
/// <remarks>
/// <para>In: the kernel writes a function's description into its schema as <c>condition</c>, which is no keyword of JSON schema, and the client
/// refuses keywords that it does not know. The description itself goes along as the function's.</para>
/// <para>Out: the kernel converts texts to a parameter's type, such as an enum, but not texts that are still JSON.</para>
/// </remarks>
internal sealed class KernelFunctionChatClient(IChatClient innerClient) : DelegatingChatClient(innerClient)
{
    private const string Description = "condition";

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ChatResponse response = await base.GetResponseAsync(messages, Prepare(options), cancellationToken).ConfigureAwait(false);
        foreach (ChatMessage message in response.Messages) ReadTexts(message.Contents);
        return response;
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (ChatResponseUpdate update in base.GetStreamingResponseAsync(messages, Prepare(options), cancellationToken).ConfigureAwait(false))
        {
            ReadTexts(update.Contents);
            yield return update;
        }
    }

    private static ChatOptions? Prepare(ChatOptions? options)
    {
        if (options?.Tools?.Any(HasDescription) is not true) return options;
        ChatOptions own = options.Clone();
        own.Tools = [.. options.Tools.Select(tool => HasDescription(tool) ? WithoutDescription((AIFunctionDeclaration)tool) : tool)];
        return own;
    }

    private static bool HasDescription(AITool tool) =>
        tool is AIFunctionDeclaration { JsonSchema: { ValueKind: JsonValueKind.Object } schema } && schema.TryGetProperty(Description, out _);

    private static AIFunctionDeclaration WithoutDescription(AIFunctionDeclaration function)
    {
        JsonObject schema = JsonObject.Create(function.JsonSchema)!;
        schema.Remove(Description);
        return AIFunctionFactory.CreateDeclaration(function.Name, function.Description, JsonSerializer.SerializeToElement(schema), function.ReturnJsonSchema);
    }

    private static void ReadTexts(IEnumerable<AIContent> contents)
    {
        foreach (FunctionCallContent call in contents.OfType<FunctionCallContent>())
        {
            if (call.Arguments is null) continue;
            call.Arguments = call.Arguments.ToDictionary(
                argument => argument.Key, argument => argument.Value is JsonElement { ValueKind: JsonValueKind.String } text ? text.GetString() : argument.Value);
        }
    }
}
