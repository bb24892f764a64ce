using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
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

    [Fact]
    public async Task Host_ConversationOverItsTime_IsDeletedWithoutBeingTold()
    {
        using TestFolder folder = new();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRwkvXStorage(options => (options.StorageRoot, options.CollectInterval) = (folder.Path, TimeSpan.FromSeconds(1)));
        using IHost host = builder.Build();
        await host.StartAsync();
        IStateStore store = host.Services.GetRequiredService<IStateStore>();
        StateBinding binding = new("m", "t", "p");
        await using (IConversationWriter writer = await store.CreateAsync(new("t", "short"), binding, new ConversationOptions { TimeToLive = TimeSpan.FromMilliseconds(1) }))
            await writer.AppendAsync([new TokensRecord(new[] { 1, 2, 3 })]);
        await using (IConversationWriter writer = await store.CreateAsync(new("t", "long"), binding)) await writer.AppendAsync([new TokensRecord(new[] { 1, 2, 3 })]);
        for (int i = 0; i < 600 && Logs() > 1; i++) await Task.Delay(100);
        Assert.Equal(1, Logs());
        await host.StopAsync();

        int Logs() => Directory.EnumerateFiles(folder.Path, "*.log", SearchOption.AllDirectories).Count();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31 * 24 * 3600)]
    public void Storage_CollectIntervalOutOfRange_IsRefused(int seconds)
    {
        using TestFolder folder = new();
        using ServiceProvider provider = new ServiceCollection()
            .AddRwkvXStorage(options => (options.StorageRoot, options.CollectInterval) = (folder.Path, TimeSpan.FromSeconds(seconds))).BuildServiceProvider();
        Assert.Contains("CollectInterval", Assert.Throws<OptionsValidationException>(provider.GetRequiredService<IStateStore>).Message, StringComparison.Ordinal);
    }

    private static ServiceProvider Container(string root)
    {
        ServiceCollection services = new();
        services.AddRwkvXStorage(root);
        services.AddRwkvX(options => options.StoreConversations = true);
        return services.BuildServiceProvider();
    }
}
