using RwkvX.AI.Evaluation.Tasks;
using RwkvX.AI.Evaluation.Words;
using RwkvX.AI.Models;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Evaluation.Scoring;

/// <summary>Asks a model the questions of generated documents, with the words and seeds of the test split.</summary>
/// <param name="model">The engine.</param>
/// <param name="tokenizer">Its vocabulary.</param>
public sealed class TaskEvaluation(IRwkvXModel model, WorldTokenizer tokenizer)
{
    private const int TestSeeds = 0x5EED0000; // far from those of training

    /// <summary>Called after each question.</summary>
    public Action<TaskSample>? Sampled { get; init; }

    /// <summary>A paragraph of real text for filler; null for invented filler alone.</summary>
    public Func<Random, string>? Prose { get; init; }

    /// <summary>Passkeys in the published prompt, over lengths and depths.</summary>
    /// <param name="lengths">Tokens.</param>
    /// <param name="depths">Places, evenly spread from 0 to 1 and both included.</param>
    /// <param name="samples">At each place.</param>
    /// <param name="seed">Decides the keys.</param>
    /// <param name="cancellationToken">Acts between passes.</param>
    public List<TaskSample> Passkey(IReadOnlyList<int> lengths, int depths, int samples, int seed, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lengths);
        List<TaskSample> all = [];
        Random random = new(TestSeeds + seed);
        foreach (int length in lengths)
        {
            using GreedyReader reader = new(model, tokenizer);
            for (int place = 0; place < depths; place++)
            {
                double depth = depths == 1 ? 0.5 : (double)place / (depths - 1);
                for (int sample = 0; sample < samples; sample++)
                {
                    (string prompt, string answer) = PasskeyGenerator.Write(random.Next(1, 50_001), depth, length, Count).Questions().Single();
                    string found = Digits(reader.Answer(prompt, 12, cancellationToken)), expected = answer.TrimEnd('.');
                    Add(all, new TaskSample("passkey", reader.PromptTokens, depth, expected, found, found == expected));
                }
            }
        }

        return all;
    }

    /// <summary>All questions of documents of one kind; an answer is right if it is the expected one, word for word.</summary>
    /// <param name="task">A generator's name; <c>unknown</c> for facts never told, <c>four</c> for four facts at once, <c>later</c> for facts of a chat asked after the whole length.</param>
    /// <param name="tokens">Length of a document.</param>
    /// <param name="documents">How many.</param>
    /// <param name="seed">Decides the documents.</param>
    /// <param name="cancellationToken">Acts between passes.</param>
    /// <exception cref="ArgumentException">There is no such task.</exception>
    public List<TaskSample> Run(string task, int tokens, int documents, int seed, CancellationToken cancellationToken = default)
    {
        TaskGenerator generator = Open(task, tokens);
        List<TaskSample> all = [];
        for (int i = 0; i < documents; i++)
        {
            TaskDocument document = generator.Write(new Random(unchecked(TestSeeds + (seed * 100_003) + i)), tokens, Count);
            using GreedyReader reader = new(model, tokenizer);
            foreach ((string prompt, string expected) in Asked(task, document))
            {
                string found = reader.Answer(prompt, Count(expected) + 16, cancellationToken);
                Add(all, new TaskSample(Kind(task, expected), reader.PromptTokens, null, expected, found, IsRight(task, expected, found)));
            }
        }

        return all;
    }

    private TaskGenerator Open(string task, int tokens)
    {
        Fillers fillers = new(WordSplit.Test, Prose);
        return task switch
        {
            "unknown" => new FactsGenerator(fillers) { FactCount = 4, UnknownShare = 1 },
            "four" => new FactsGenerator(fillers) { FactCount = 4, AskAtOnce = true },
            "facts" => new FactsGenerator(fillers) { FactCount = 4, UnknownShare = 0 },
            "later" => new ChatGenerator(fillers) { FactCount = 4, UnknownShare = 0, Distance = tokens },
            "everyday-chat" => new ChatGenerator(fillers) { IsEveryday = true, FactCount = 4, Distance = tokens },
            _ => TaskGenerators.Open(task, WordSplit.Test, Prose),
        };
    }

    /// <summary>The questions that count: not the small talk and acknowledgements before the first question of a chat.</summary>
    private static (string Prompt, string Answer)[] Asked(string task, TaskDocument document)
    {
        (string Prompt, string Answer)[] all = [.. document.Questions()];
        return task switch { "later" or "chat" or "everyday-chat" => all[^Math.Min(4, all.Length)..], _ => all };
    }

    /// <summary>Everyday questions that nothing answers are counted by themselves: a model can be right about all of them and know nothing.</summary>
    private static string Kind(string task, string expected) => task.StartsWith("everyday", StringComparison.Ordinal) && Fact.Unknown.Contains(expected) ? $"{task}, never told" : task;

    private static bool IsRight(string task, string expected, string found)
    {
        if (task == "unknown") return found.StartsWith("I do not know", StringComparison.Ordinal);
        if (Fact.Unknown.Contains(expected)) return found.StartsWith("I do not know", StringComparison.Ordinal);
        return found == expected || found.TrimEnd('.') == expected.TrimEnd('.');
    }

    private void Add(List<TaskSample> all, TaskSample sample)
    {
        all.Add(sample);
        Sampled?.Invoke(sample);
    }

    private int Count(string text) => tokenizer.Encode(text).Length;

    private static string Digits(string text)
    {
        int end = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? text : text[..end];
    }
}
