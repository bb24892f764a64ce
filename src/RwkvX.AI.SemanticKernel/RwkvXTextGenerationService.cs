using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Microsoft.SemanticKernel.Services;
using Microsoft.SemanticKernel.TextGeneration;
using TextContent = Microsoft.SemanticKernel.TextContent;

namespace RwkvX.AI.SemanticKernel;

/// <summary>A chat client as an <see cref="ITextGenerationService"/>: the prompt is the one message of its user, the answer is the text.</summary>
/// <remarks>Each text's metadata have <c>Usage</c>, <c>FinishReason</c> and, where the conversation is stored, <c>conversation_id</c>.</remarks>
public sealed class RwkvXTextGenerationService : ITextGenerationService
{
    private readonly IChatClient _client;

    /// <summary>Creates the service.</summary>
    /// <param name="client">Answers the prompts; stays the caller's.</param>
    public RwkvXTextGenerationService(IChatClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        _client = client;
        Attributes = client.GetModelId() is { } model ? new Dictionary<string, object?> { [AIServiceExtensions.ModelIdKey] = model } : new();
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object?> Attributes { get; }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TextContent>> GetTextContentsAsync(
        string prompt, PromptExecutionSettings? executionSettings = null, Kernel? kernel = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ChatOptions? options = executionSettings.ToChatOptions(kernel);
        ChatResponse response = await _client.GetResponseAsync([new(ChatRole.User, prompt)], options, cancellationToken).ConfigureAwait(false);
        Dictionary<string, object?> metadata = Metadata(response.AdditionalProperties, response.FinishReason, response.ConversationId);
        if (response.Usage is { } usage) metadata["Usage"] = usage;
        return [new TextContent(response.Text, response.ModelId, response, metadata: metadata)];
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StreamingTextContent> GetStreamingTextContentsAsync(
        string prompt,
        PromptExecutionSettings? executionSettings = null,
        Kernel? kernel = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ChatOptions? options = executionSettings.ToChatOptions(kernel);
        await foreach (ChatResponseUpdate update in _client.GetStreamingResponseAsync([new(ChatRole.User, prompt)], options, cancellationToken).ConfigureAwait(false))
        {
            Dictionary<string, object?> metadata = Metadata(update.AdditionalProperties, update.FinishReason, update.ConversationId);
            if (update.Contents.OfType<UsageContent>().LastOrDefault() is { } usage) metadata["Usage"] = usage.Details;
            yield return new StreamingTextContent(update.Text, modelId: update.ModelId, innerContent: update, metadata: metadata);
        }
    }

    private static Dictionary<string, object?> Metadata(AdditionalPropertiesDictionary? properties, ChatFinishReason? reason, string? conversationId)
    {
        Dictionary<string, object?> metadata = properties is null ? [] : new(properties);
        if (reason is { } finished) metadata["FinishReason"] = finished.Value;
        if (conversationId is not null) metadata[ConversationIds.Key] = conversationId;
        return metadata;
    }
}
