using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using RwkvX.AI.Chat;
using RwkvX.AI.Testing;

namespace RwkvX.AI.SemanticKernel.Tests;

/// <summary>A kernel over the embedded model with all three services, and a client over the same model without any kernel.</summary>
public sealed class KernelFixture : IDisposable
{
    private readonly ServiceProvider _services;

    public KernelFixture()
    {
        ServiceCollection services = new();
        services.AddRwkvXChatCompletion(static options => options.ModelId = "embedded");
        services.AddRwkvXTextGeneration();
        services.AddRwkvXChatClient();
        services.AddKernel();
        _services = services.BuildServiceProvider();
        Kernel = _services.GetRequiredService<Kernel>();
    }

    public static RwkvXPromptExecutionSettings Greedy => new() { Temperature = 0, MaxTokens = 24 };

    public Kernel Kernel { get; }

    /// <summary>The client beneath all kernel middleware.</summary>
    public RwkvXChatClient Client => Kernel.GetRequiredService<IChatClient>().GetService<RwkvXChatClient>()!;

    /// <summary>A kernel whose chat completion and text generation stand over a given client.</summary>
    internal static (Kernel Kernel, WeatherPlugin Plugin) Over(IChatClient client)
    {
        IKernelBuilder builder = Kernel.CreateBuilder().AddRwkvXChatCompletion().AddRwkvXTextGeneration();
        builder.Services.AddSingleton(client); // the last registration is the one that counts; the model is never loaded
        WeatherPlugin plugin = new();
        builder.Plugins.AddFromObject(plugin, "Outside");
        return (builder.Build(), plugin);
    }

    internal static (Kernel Kernel, WeatherPlugin Plugin, ScriptedChatClient Client) Scripted()
    {
        ScriptedChatClient client = WeatherPlugin.NewClient();
        (Kernel kernel, WeatherPlugin plugin) = Over(client);
        return (kernel, plugin, client);
    }

    internal async Task<string> AnswerAsync(ChatHistory history, CancellationToken cancellationToken)
    {
        ChatMessage[] messages = [.. history.Select(message => new ChatMessage(new ChatRole(message.Role.Label), message.Content))];
        return (await Client.GetResponseAsync(messages, new ChatOptions { Temperature = 0, MaxOutputTokens = 24 }, cancellationToken)).Text;
    }

    public void Dispose() => _services.Dispose();
}
