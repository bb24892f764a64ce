// The smallest hosted app: one registration, one question, one streamed answer from the embedded model.
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services.AddRwkvX();
using IHost host = builder.Build();

IChatClient client = host.Services.GetRequiredService<IChatClient>();
await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("My name is Nora and I live in Oslo."))
    Console.Write(update.Text);
Console.WriteLine();
