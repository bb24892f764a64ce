using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Microsoft.SemanticKernel.Services;
using Microsoft.SemanticKernel.TextGeneration;
using RwkvX.AI.Chat;
using RwkvX.AI.Models;
using Xunit;

namespace RwkvX.AI.SemanticKernel.Tests;

/// <summary>What the extension methods register, with keys and without.</summary>
public sealed class ServiceRegistrationTests(KernelFixture fixture) : IClassFixture<KernelFixture>
{
    private readonly CancellationToken _stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keyed_SettingsNameAService_ThatOneAnswers()
    {
        IKernelBuilder builder = Kernel.CreateBuilder()
            .AddRwkvXChatCompletion(static options => options.ModelId = "first", "one")
            .AddRwkvXChatCompletion(static options => options.ModelId = "second", "two");
        Kernel kernel = builder.Build();
        Assert.Equal("first", kernel.GetRequiredService<IChatCompletionService>("one").GetModelId());
        FunctionResult result = await kernel.InvokePromptAsync("Hello!", new(new RwkvXPromptExecutionSettings { ServiceId = "two", MaxTokens = 4 }), cancellationToken: _stop);
        Assert.Equal("second", result.GetValue<ChatMessageContent>()!.ModelId);
        kernel.GetRequiredService<IRwkvXModel>("one").Dispose();
        kernel.GetRequiredService<IRwkvXModel>("two").Dispose();
    }

    [Fact]
    public async Task Keyed_AllThreeServices_AreFacesOfOneModel()
    {
        ServiceCollection services = new();
        services.AddRwkvXTextGeneration(static options => options.ModelId = "keyed", "id").AddRwkvXChatClient(serviceId: "id").AddRwkvXChatCompletion(serviceId: "id");
        await using ServiceProvider provider = services.BuildServiceProvider();
        IChatClient client = provider.GetRequiredKeyedService<IChatClient>("id");
        Assert.NotNull(client.GetService<FunctionInvokingChatClient>());
        Assert.Equal("keyed", provider.GetRequiredKeyedService<ITextGenerationService>("id").GetModelId());
        Assert.Equal("keyed", provider.GetRequiredKeyedService<IChatCompletionService>("id").GetModelId());
        Assert.Same(provider.GetRequiredKeyedService<IRwkvXModel>("id"), client.GetService<IRwkvXModel>());
        Assert.Null(provider.GetService<IChatClient>());
    }

    [Fact]
    public async Task ChatClientAlone_Prompt_IsAnswered()
    {
        using ServiceProvider provider = new ServiceCollection().AddRwkvXChatClient().AddKernel().Services.BuildServiceProvider();
        Kernel kernel = provider.GetRequiredService<Kernel>();
        FunctionResult result = await kernel.InvokePromptAsync("Hello! How are you today?", new(KernelFixture.Greedy), cancellationToken: _stop);
        Assert.Equal(await fixture.AnswerAsync(new ChatHistory("Hello! How are you today?", AuthorRole.User), _stop), result.ToString());
    }

    [Fact]
    public async Task ModelRegisteredBefore_OwnMiddleware_StaysBeneathTheKernels()
    {
        ServiceCollection services = new();
        List<ChatOptions?> seen = [];
        services.AddRwkvX(static options => options.ModelId = "mine").Use(async (messages, options, next, stop) =>
        {
            seen.Add(options);
            await next(messages, options, stop);
        });
        services.AddRwkvXChatCompletion();
        services.AddKernel();
        await using ServiceProvider provider = services.BuildServiceProvider();
        FunctionResult result = await provider.GetRequiredService<Kernel>().InvokePromptAsync("Hello!", new(KernelFixture.Greedy), cancellationToken: _stop);
        Assert.Equal("mine", result.GetValue<ChatMessageContent>()!.ModelId);
        Assert.Equal(24, Assert.Single(seen)!.MaxOutputTokens);
    }

    [Fact]
    public void InvalidOption_FirstUse_NamesIt()
    {
        Kernel kernel = Kernel.CreateBuilder().AddRwkvXChatCompletion(static options => options.PrefillSpan = 0).Build();
        Exception error = Assert.ThrowsAny<Exception>(() => kernel.GetRequiredService<IChatCompletionService>());
        Assert.Contains(nameof(RwkvXOptions.PrefillSpan), error.ToString());
    }

    [Fact]
    public void NullBuilder_EachMethod_Throws()
    {
        Assert.Throws<ArgumentNullException>(() => ((IKernelBuilder)null!).AddRwkvXChatClient());
        Assert.Throws<ArgumentNullException>(() => ((IKernelBuilder)null!).AddRwkvXChatCompletion());
        Assert.Throws<ArgumentNullException>(() => ((IKernelBuilder)null!).AddRwkvXTextGeneration());
        Assert.Throws<ArgumentNullException>(() => ((IServiceCollection)null!).AddRwkvXChatClient());
        Assert.Throws<ArgumentNullException>(() => ((IServiceCollection)null!).AddRwkvXChatCompletion());
        Assert.Throws<ArgumentNullException>(() => ((IServiceCollection)null!).AddRwkvXTextGeneration());
        Assert.Throws<ArgumentNullException>(() => new RwkvXTextGenerationService(null!));
    }
}
