using System.Runtime.InteropServices;
using System.Text;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Testing.Chat;

/// <summary>Makes scripted models that answer each prompt with a text, in whatever tokens a constraint leaves them.</summary>
public static class SpeakingModel
{
    private const float Unwanted = -50;

    /// <summary>A model that goes on with a text after the last <c>Assistant:</c>, then ends it: the longest piece of it that it may write comes first.</summary>
    /// <param name="tokenizer">The vocabulary.</param>
    /// <param name="answer">From a prompt, up to and with the last label, to the text that follows; a leading space belongs to it.</param>
    public static ScriptedModel Create(WorldTokenizer tokenizer, Func<string, string> answer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(answer);
        return new ScriptedModel(tokenizer.VocabularySize, (history, logits) =>
        {
            List<byte> text = [];
            foreach (int id in history)
            {
                text.AddRange(tokenizer.VocabularyBytes(id));
            }

            ReadOnlySpan<byte> bytes = CollectionsMarshal.AsSpan(text);
            int start = bytes.LastIndexOf("Assistant:"u8) + "Assistant:".Length;
            ReadOnlySpan<byte> written = bytes[start..];
            ReadOnlySpan<byte> wanted = Encoding.UTF8.GetBytes(answer(Encoding.UTF8.GetString(bytes[..start])));
            ReadOnlySpan<byte> rest = wanted.StartsWith(written) ? wanted[written.Length..] : default;
            logits.Fill(Unwanted);
            if (rest.IsEmpty)
            {
                logits[WorldTokenizer.EndOfTextId] = 0;
            }

            for (int id = 1; id < logits.Length; id++)
            {
                ReadOnlySpan<byte> piece = tokenizer.VocabularyBytes(id);
                if (!piece.IsEmpty && rest.StartsWith(piece))
                {
                    logits[id] = piece.Length;
                }
            }
        });
    }
}
