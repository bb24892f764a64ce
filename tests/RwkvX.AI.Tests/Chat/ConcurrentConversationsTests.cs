using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Tests.Tokenization;
using Xunit;

namespace RwkvX.AI.Tests.Chat;

public sealed class ConcurrentConversationsTests
{
    [Fact]
    public async Task Conversations_OverTheScriptedModel_EqualTheirSequentialTwins()
    {
        using ScriptedModel model = ScriptedModel.Hashing(Vocabularies.Embedded.VocabularySize);
        (int turns, int cancelled) = await ConcurrentConversations.RunAsync(
            () => new RwkvXChatClient(model, Vocabularies.Embedded, new RwkvXOptions { PrefillSpan = 8 }), TimeSpan.FromSeconds(2));
        TestContext.Current.TestOutputHelper?.WriteLine($"{turns} turns, {cancelled} cancelled");
        Assert.NotEqual(0, cancelled);
        Assert.Equal(0, model.LiveStates);
    }

    /// <summary>
    /// The bar: 60 seconds over the embedded model. <c>RWKVX_CONCURRENCY_SECONDS</c> sets another time; 0 runs one round.
    /// </summary>
    [Fact]
    public async Task Conversations_OverTheEmbeddedModel_EqualTheirSequentialTwins()
    {
        int seconds = int.TryParse(Environment.GetEnvironmentVariable("RWKVX_CONCURRENCY_SECONDS"), out int given) ? given : 60;
        using RwkvXChatClient owner = new();
        IRwkvXModel model = owner.GetService<IRwkvXModel>()!;
        (int turns, int cancelled) = await ConcurrentConversations.RunAsync(
            () => new RwkvXChatClient(model, Vocabularies.Embedded, new RwkvXOptions { PrefillSpan = 16 }), TimeSpan.FromSeconds(seconds));
        TestContext.Current.TestOutputHelper?.WriteLine($"{seconds} s: {turns} turns, {cancelled} cancelled");
        Assert.NotEqual(0, cancelled);
    }
}
