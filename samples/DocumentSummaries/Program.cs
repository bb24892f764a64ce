// Documents in, bullet summaries out: a hosted service that reads each document once and asks it several questions at once.
//   dotnet run --project samples/DocumentSummaries [FOLDER QUESTION...]
// The embedded model finds stated facts and lists decisions; it does not condense. For that take a larger model (AddRwkvX(o => o.ModelPath = ...)).
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

if (args is ["--help" or "-h" or _] || (args.Length > 1 && !Directory.Exists(args[0])))
{
    Console.WriteLine("DocumentSummaries [FOLDER QUESTION...]\nAsks the questions of every *.txt in FOLDER (without one: the notes of three made-up teams).");
    return args is ["--help" or "-h"] ? 0 : 2;
}

HostApplicationBuilder builder = Host.CreateApplicationBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddRwkvX();
builder.Services.AddSingleton<Summarizer>();
builder.Services.AddSingleton(DocumentSource.Read(args.FirstOrDefault(), [.. args.Skip(1)]));
builder.Services.AddHostedService<SummaryService>();
await builder.Build().RunAsync();
return 0;
