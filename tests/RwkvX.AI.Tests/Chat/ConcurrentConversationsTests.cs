using RwkvX.AI.Chat;
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
}
