using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;
using Xunit;

namespace RwkvX.AI.Storage.Tests;

public sealed class AddRwkvXStorageTests
{
    [Fact]
    public async Task Conversation_OfAContainer_GoesOnInTheNext()
    {
        using TestFolder folder = new();
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 8 };
        using (ServiceProvider first = Container(folder.Path))
        {
            options.ConversationId = (await first.GetRequiredService<IChatClient>().GetResponseAsync("My name is Nora.", options)).ConversationId;
            Assert.NotNull(options.ConversationId);
        }

        using ServiceProvider second = Container(folder.Path);
        ChatResponse response = await second.GetRequiredService<IChatClient>().GetResponseAsync("What is my name?", options);
        Assert.Equal("log", response.AdditionalProperties!["rwkvx.restored_from"]); // too short to have a stored state
        IRwkvXMemory memory = second.GetRequiredService<IRwkvXMemory>();
        Assert.Same(memory, second.GetRequiredService<IChatClient>().GetService<IRwkvXMemory>());
        IReadOnlyList<TranscriptEntry> transcript = await memory.TranscriptAsync(new ConversationKey("default", options.ConversationId!));
        Assert.Equal(["My name is Nora.", "What is my name?"], transcript.Where(entry => entry.Role == "user").Select(entry => entry.Text));
    }

    [Fact]
    public void Storage_WithoutARoot_IsRefused()
    {
        using ServiceProvider provider = new ServiceCollection().AddRwkvXStorage(_ => { }).BuildServiceProvider();
        Assert.Contains("StorageRoot", Assert.Throws<OptionsValidationException>(provider.GetRequiredService<IStateStore>).Message, StringComparison.Ordinal);
    }

    private static ServiceProvider Container(string root)
    {
        ServiceCollection services = new();
        services.AddRwkvXStorage(root);
        services.AddRwkvX(options => options.StoreConversations = true);
        return services.BuildServiceProvider();
    }
}
