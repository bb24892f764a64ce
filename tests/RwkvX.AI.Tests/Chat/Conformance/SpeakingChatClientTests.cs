using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Testing.Chat;
using RwkvX.AI.Tests.Tokenization;

namespace RwkvX.AI.Tests.Chat.Conformance;

/// <summary>Conversations over an engine that says what the test wants.</summary>
public sealed class SpeakingChatClientTests : ChatClientConversations
{
    protected override IChatClient NewClient(Func<string, string> answer) =>
        new RwkvXChatClient(SpeakingModel.Create(Vocabularies.Embedded, answer), Vocabularies.Embedded, ownsModel: true);
}
