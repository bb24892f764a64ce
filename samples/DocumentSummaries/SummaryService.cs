using Microsoft.Extensions.Hosting;

/// <summary>Writes the summaries of all documents to the console, then stops the host.</summary>
internal sealed class SummaryService(Summarizer summarizer, IAsyncEnumerable<Document> documents, IHostApplicationLifetime host) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (Summary summary in summarizer.SummarizeAsync(documents, stoppingToken))
        {
            Console.WriteLine($"{summary.Name}  [read once: {summary.DocumentTokens} tokens; all questions together: {summary.QuestionTokens}]");
            foreach (string bullet in summary.Bullets) Console.WriteLine($"- {bullet}");
        }

        host.StopApplication();
    }
}
