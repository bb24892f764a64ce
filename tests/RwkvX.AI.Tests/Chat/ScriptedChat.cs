using System.Text;
using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Chat;
using RwkvX.AI.Tests.Tokenization;
using RwkvX.AI.Tokenization;
using Xunit;

namespace RwkvX.AI.Tests.Chat;

/// <summary>A client over a scripted model that continues each prompt with given ids, or with words that hang on every token before.</summary>
internal sealed class ScriptedChat : IDisposable
{
    public ScriptedChat(WorldTokenizer tokenizer, Func<string, int[]> continuation, RwkvXOptions? options = null)
        : this(tokenizer, Following(tokenizer, continuation), options)
    {
    }

    public ScriptedChat(WorldTokenizer tokenizer, ScriptedModel model, RwkvXOptions? options = null)
    {
        Tokenizer = tokenizer;
        Model = model;
        Client = new RwkvXChatClient(model, tokenizer, options, ownsModel: true);
    }

    /// <summary>A client whose model says a text after each prompt, in whatever tokens a constraint leaves it.</summary>
    public static ScriptedChat Speaking(Func<string, string> answer, RwkvXOptions? options = null, WorldTokenizer? tokenizer = null)
    {
        tokenizer ??= Vocabularies.Embedded;
        return new ScriptedChat(tokenizer, SpeakingModel.Create(tokenizer, answer), options);
    }

    public WorldTokenizer Tokenizer { get; }

    public ScriptedModel Model { get; }

    public RwkvXChatClient Client { get; }

    public static ChatOptions Greedy => new() { Temperature = 0 };

    /// <summary>A client whose every answer hangs on every token of its prompt, ten tokens or so each.</summary>
    public static ScriptedChat Hashing(WorldTokenizer tokenizer, RwkvXOptions? options = null)
    {
        string[] words = [" alpha", " beta", ".", "\n", " gamma\nline", "\u00e4\u00f6", " \U0001F600", " delta", " 12", "\n\nUser:"];
        ScriptedModel hash = ScriptedModel.Hashing(words.Length);
        return new ScriptedChat(tokenizer, prompt =>
        {
            StringBuilder text = new();
            for (int i = 0; i < 12; i++)
            {
                using RwkvXState state = hash.CreateState();
                float[] logits = new float[words.Length];
                hash.Forward(state, (prompt + text).Select(c => c % words.Length).ToArray(), logits);
                text.Append(words[Array.IndexOf(logits, logits.Max())]);
            }

            return tokenizer.Encode(text + "\n\nUser:");
        }, options);
    }

    public static ChatMessage User(string text) => new(ChatRole.User, text);

    public static ChatMessage Assistant(string text) => new(ChatRole.Assistant, text);

    public Task<ChatResponse> AskAsync(params ChatMessage[] messages) =>
        Client.GetResponseAsync(messages, Greedy, TestContext.Current.CancellationToken);

    public void Dispose() => Client.Dispose();

    /// <summary>Finds the last "Assistant:" of the history; what comes after it was generated.</summary>
    private static ScriptedModel Following(WorldTokenizer tokenizer, Func<string, int[]> continuation)
    {
        int[] prefix = tokenizer.Encode("Assistant:");
        Dictionary<string, int[]> known = [];
        return ScriptedModel.Choosing(tokenizer.VocabularySize, history =>
        {
            int start = history.AsSpan().LastIndexOf(prefix) + prefix.Length;
            string prompt = tokenizer.Decode(history[..start]);
            if (!known.TryGetValue(prompt, out int[]? ids))
            {
                known[prompt] = ids = continuation(prompt);
            }

            ReadOnlySpan<int> generated = history.AsSpan(start);
            return generated.Length < ids.Length ? ids[generated.Length] : WorldTokenizer.EndOfTextId;
        });
    }
}
