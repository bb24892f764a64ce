using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Models;
using RwkvX.AI.Testing.Chat;
using RwkvX.AI.Tests.Tokenization;

namespace RwkvX.AI.Tests.Chat.Conformance;

/// <summary>The contract over the embedded model.</summary>
public sealed class EmbeddedChatClientTests : ChatClientContract
{
    private static readonly Lazy<RwkvXChatClient> Owner = new(() => new RwkvXChatClient());

    protected override IChatClient NewClient() =>
        new RwkvXChatClient(Owner.Value.GetRequiredService<IRwkvXModel>(), Vocabularies.Embedded, new RwkvXOptions { PrefixCacheBytes = 64 << 20 });
}
