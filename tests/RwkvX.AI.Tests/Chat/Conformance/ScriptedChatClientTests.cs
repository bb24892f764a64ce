using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Chat;
using RwkvX.AI.Tests.Tokenization;

namespace RwkvX.AI.Tests.Chat.Conformance;

/// <summary>The contract over an engine whose every logit hangs on every token before: it never says anything sensible.</summary>
public sealed class ScriptedChatClientTests : ChatClientContract
{
    protected override IChatClient NewClient() =>
        new RwkvXChatClient(ScriptedModel.Hashing(Vocabularies.Embedded.VocabularySize), Vocabularies.Embedded, ownsModel: true);
}
