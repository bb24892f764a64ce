using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.ML.Tokenizers;
using RwkvX.AI.Chat;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Prompts;
using RwkvX.AI.Testing;
using RwkvX.AI.Tokenization;
using Xunit;

namespace RwkvX.AI.Tests.Chat;

public sealed class AddRwkvXTests
{
    private static ChatOptions Short => new() { Temperature = 0, MaxOutputTokens = 3 };

    [Fact]
    public async Task AddRwkvX_WithoutOptions_RunsTheEmbeddedModel()
    {
        ServiceCollection services = new();
        services.AddRwkvX();
        await using ServiceProvider provider = services.BuildServiceProvider();
        IChatClient client = provider.GetRequiredService<IChatClient>();
        ChatResponse response = await client.GetResponseAsync("Hello", Short, TestContext.Current.CancellationToken);
        Assert.Equal(Repository.EmbeddedModelName, response.ModelId);
        Assert.Equal(3, response.Usage!.OutputTokenCount);
        Assert.Same(provider.GetRequiredService<IRwkvXModel>(), client.GetService<IRwkvXModel>());
        Assert.Same(provider.GetRequiredService<WorldTokenizer>(), client.GetService<WorldTokenizer>());
        Assert.Same(provider.GetRequiredService<Tokenizer>(), client.GetService<Tokenizer>());
    }

    [Fact]
    public async Task AddKeyedRwkvX_TwoKeysAndNone_AreIndependent()
    {
        ServiceCollection services = new();
        services.AddRwkvX(options => options.ModelId = "plain");
        services.AddKeyedRwkvX("a", options => options.ModelId = "first");
        services.AddKeyedRwkvX("b", options => options.ModelId = "second");
        services.Configure<RwkvXOptions>("b", options => options.PrefillSpan = 7);
        await using ServiceProvider provider = services.BuildServiceProvider();
        IChatClient[] clients =
        [
            provider.GetRequiredService<IChatClient>(), provider.GetRequiredKeyedService<IChatClient>("a"), provider.GetRequiredKeyedService<IChatClient>("b"),
        ];
        Assert.Equal(["plain", "first", "second"], clients.Select(client => client.GetService<ChatClientMetadata>()!.DefaultModelId));
        Assert.Equal(3, clients.Select(client => client.GetService<IRwkvXModel>()).Distinct().Count());
        Assert.Same(provider.GetRequiredKeyedService<IRwkvXModel>("a"), clients[1].GetService<IRwkvXModel>());
        Assert.Same(provider.GetRequiredKeyedService<Tokenizer>("b"), clients[2].GetService<Tokenizer>());
    }

    [Fact]
    public async Task AddRwkvX_Builder_TakesMiddleware()
    {
        ServiceCollection services = new();
        services.AddRwkvX().ConfigureOptions(options => options.MaxOutputTokens = 2);
        await using ServiceProvider provider = services.BuildServiceProvider();
        ChatResponse response = await provider.GetRequiredService<IChatClient>().GetResponseAsync("Hello", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(2, response.Usage!.OutputTokenCount);
    }

    [Fact]
    public async Task Host_Start_LoadsTheModelOnceAndDisposesItWithTheContainer()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRwkvX();
        builder.Services.AddRwkvX(); // twice is once
        IHost host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        IRwkvXModel model = host.Services.GetRequiredService<IRwkvXModel>();
        Assert.Single(host.Services.GetServices<IHostedService>());
        await host.StopAsync(TestContext.Current.CancellationToken);
        host.Dispose();
        using RwkvXState state = model.CreateState();
        Assert.Throws<ObjectDisposedException>(() => model.Forward(state, Enumerable.Repeat(1, 1).ToArray(), default));
    }

    [Theory]
    [InlineData(nameof(RwkvXOptions.Threads), "-1")]
    [InlineData(nameof(RwkvXOptions.Device), "quantum")]
    [InlineData(nameof(RwkvXOptions.PrefixCacheBytes), "-5")]
    [InlineData(nameof(RwkvXOptions.PrefillSpan), "0")]
    [InlineData(nameof(RwkvXOptions.MobaChunkSize), "0")]
    [InlineData(nameof(RwkvXOptions.MobaTopK), "-1")]
    [InlineData(nameof(RwkvXOptions.Precision), "77")]
    [InlineData(nameof(RwkvXOptions.StatePrecision), "BF16")]
    [InlineData(nameof(RwkvXOptions.ModelPath), "no/such/model")]
    [InlineData(nameof(RwkvXOptions.VocabularyPath), "no/such/vocab.txt")]
    public async Task Host_StartWithAWrongOption_FailsAndNamesIt(string option, string value)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRwkvX(options => Set(options, option, value));
        using IHost host = builder.Build();
        OptionsValidationException error =
            await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains(error.Failures, failure => failure.Contains(option, StringComparison.Ordinal));

        RwkvXOptions direct = new();
        Set(direct, option, value);
        Assert.Contains(option, Assert.Throws<OptionsValidationException>(() => new RwkvXChatClient(direct)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RwkvXChatClient_Alone_HoldsAConversationAndComputesOnlyWhatIsNew()
    {
        using RwkvXChatClient client = new();
        List<ChatMessage> messages = [new(ChatRole.User, "Hello, who are you?")];
        for (int turn = 0; turn < 3; turn++)
        {
            ChatResponse response = await client.GetResponseAsync(messages, new ChatOptions { Seed = turn, MaxOutputTokens = 40 }, TestContext.Current.CancellationToken);
            WorldTokenizer tokenizer = client.GetService<WorldTokenizer>()!;
            int own = tokenizer.Encode($"User: {messages[^1].Text}\n\n").Length + tokenizer.Encode("Assistant:").Length;
            Assert.Equal(own, response.Usage!.InputTokenCount - response.Usage.CachedInputTokenCount);
            messages.AddRange([.. response.Messages, new ChatMessage(ChatRole.User, $"My number is {turn}. What is my number?")]);
        }
    }

    [Fact]
    public void ModelPath_DirectoryOfTheRepository_Loads()
    {
        using RwkvXChatClient client = new(new RwkvXOptions { ModelPath = Repository.EmbeddedModel, Threads = 1 });
        Assert.Equal(Repository.EmbeddedModelName, client.GetService<ChatClientMetadata>()!.DefaultModelId);
    }

    [Fact]
    public void ModelPath_ModelOfAnotherTemplate_IsRefusedByName()
    {
        using TemporaryFolder folder = new();
        File.Copy(Path.Combine(Repository.Fixtures, "golden", "hybrid-window", "model.safetensors"), Path.Combine(folder.Path, "model.safetensors"));
        File.WriteAllText(Path.Combine(folder.Path, "config.json"), """{"template":"other"}""");
        CheckpointException e = Assert.Throws<CheckpointException>(() => new RwkvXChatClient(new RwkvXOptions { ModelPath = folder.Path }));
        Assert.Contains("config.json: template: expected world, or the option Template, found other", e.Message, StringComparison.Ordinal);

        // With a template of one's own the next thing missing is the vocabulary.
        e = Assert.Throws<CheckpointException>(() => new RwkvXChatClient(new RwkvXOptions { ModelPath = folder.Path, Template = new WorldPromptTemplate() }));
        Assert.Contains("vocab", e.Message, StringComparison.Ordinal);
    }

    private static void Set(RwkvXOptions options, string option, string value)
    {
        Action set = option switch
        {
            nameof(RwkvXOptions.Threads) => () => options.Threads = int.Parse(value, null),
            nameof(RwkvXOptions.Device) => () => options.Device = value,
            nameof(RwkvXOptions.PrefixCacheBytes) => () => options.PrefixCacheBytes = long.Parse(value, null),
            nameof(RwkvXOptions.PrefillSpan) => () => options.PrefillSpan = int.Parse(value, null),
            nameof(RwkvXOptions.MobaChunkSize) => () => options.MobaChunkSize = int.Parse(value, null),
            nameof(RwkvXOptions.MobaTopK) => () => options.MobaTopK = int.Parse(value, null),
            nameof(RwkvXOptions.Precision) => () => options.Precision = (Precision)int.Parse(value, null),
            nameof(RwkvXOptions.StatePrecision) => () => options.StatePrecision = Enum.Parse<Precision>(value),
            nameof(RwkvXOptions.ModelPath) => () => options.ModelPath = value,
            _ => () => options.VocabularyPath = value,
        };
        set();
    }
}
