using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.AI;
using RwkvX.AI.Models;
using RwkvX.AI.Prompts;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Memory;

/// <summary>Hashes of what a state hangs on: the weights, the pieces of the vocabulary, and how the template writes things down.</summary>
internal static class MemoryBinding
{
    public static StateBinding Of(IRwkvXModel model, WorldTokenizer tokenizer, IPromptTemplate template) =>
        new(model.ModelHash, HashOf(tokenizer), HashOf(template));

    private static string HashOf(WorldTokenizer tokenizer)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        for (int id = 0; id < tokenizer.VocabularySize; id++)
        {
            ReadOnlySpan<byte> piece = tokenizer.VocabularyBytes(id);
            BinaryPrimitives.WriteInt32LittleEndian(length, piece.Length);
            hash.AppendData(length);
            hash.AppendData(piece);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The name, and the hash of what a conversation with a message of each kind looks like: a template that changes its form is another one.</summary>
    private static string HashOf(IPromptTemplate template)
    {
        ChatMessage[] probe =
        [
            new(ChatRole.System, "Be kind."),
            new ChatMessage(ChatRole.User, "A line.\n\nAnother.").AsDocument(),
            new(ChatRole.User, "Who?"),
            new(ChatRole.Assistant, "I."),
        ];
        StringBuilder text = new(template.AnswerEnd);
        foreach (ChatMessage message in probe) text.Append('\0').Append(Rendered(template, message));
        return $"{template.Name}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))}";
    }

    private static string Rendered(IPromptTemplate template, ChatMessage message)
    {
        try
        {
            return string.Join('\0', template.Render([message]).Select(segment => segment.Text));
        }
        catch (ArgumentException)
        {
            return ""; // a kind that this template does not have
        }
    }
}
