using Microsoft.Extensions.AI;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;

/// <summary>Summarizes documents by asking each one its questions: it is read once, and every question is a fork of that one state.</summary>
internal sealed class Summarizer(IRwkvXMemory memory, IChatClient client)
{
    private static readonly ChatOptions Greedy = new() { Temperature = 0, MaxOutputTokens = 40 };

    /// <summary>One summary a document, in their order.</summary>
    public async IAsyncEnumerable<Summary> SummarizeAsync(
        IAsyncEnumerable<Document> documents, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (Document document in documents.WithCancellation(cancellationToken))
        {
            ConversationKey key = new("summaries", document.Name);
            AppendOptions options = new() { Name = document.Name, CreateIfMissing = true };
            AppendResult read = await memory.AppendAsync(key, document.Text, options, cancellationToken);
            ChatResponse[] answers = await Task.WhenAll(document.Questions.Select(question => memory.AskAsync(client, key, question, Greedy, cancellationToken: cancellationToken)));
            await memory.DeleteAsync(key, cancellationToken);
            long asked = answers.Sum(answer => (answer.Usage?.InputTokenCount ?? 0) - (answer.Usage?.CachedInputTokenCount ?? 0));
            yield return new Summary(document.Name, [.. answers.Select(answer => answer.Text)], read.Tokens, asked);
        }
    }
}
