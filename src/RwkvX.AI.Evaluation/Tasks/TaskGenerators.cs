namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>All generators by name.</summary>
public static class TaskGenerators
{
    /// <summary>The names.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["passkey", "needle-1", "needle-2", "needle-3", "multi-key", "multi-value", "facts", "everyday", "chat", "everyday-chat", "decisions", "agendas", "records", "quote", "talk", "tasks"];

    /// <summary>Makes a generator.</summary>
    /// <param name="name">One of <see cref="Names"/>; <c>tasks</c> draws from all others but <c>everyday-chat</c>, whose statements are in <c>chat</c> too, and <c>agendas</c>.</param>
    /// <param name="split">Which words it uses.</param>
    /// <param name="prose">A paragraph of real text, for filler; null for invented filler alone.</param>
    /// <exception cref="ArgumentException">There is no generator of that name.</exception>
    public static TaskGenerator Open(string name, WordSplit split, Func<Random, string>? prose = null) => Open(name, split, new Fillers(split, prose));

    internal static TaskGenerator Open(string name, WordSplit split, Fillers fillers) => name switch
    {
        "passkey" => new PasskeyGenerator(),
        "needle-1" => new NeedleGenerator(NeedleKind.RepeatedFiller, fillers),
        "needle-2" => new NeedleGenerator(NeedleKind.Prose, fillers),
        "needle-3" => new NeedleGenerator(NeedleKind.Identifier, fillers),
        "multi-key" => new NeedleGenerator(NeedleKind.MultiKey, fillers),
        "multi-value" => new NeedleGenerator(NeedleKind.MultiValue, fillers),
        "facts" => new FactsGenerator(fillers),
        "everyday" => new EverydayGenerator(fillers),
        "chat" => new ChatGenerator(fillers),
        "everyday-chat" => new ChatGenerator(fillers) { IsEveryday = true },
        "decisions" => new DecisionsGenerator(fillers),
        "agendas" => new AgendasGenerator(fillers),
        "records" => new RecordsGenerator(fillers),
        "quote" => new QuoteGenerator(fillers),
        "talk" => new TalkGenerator(split),
        "tasks" => new MixedGenerator(split, fillers),
        _ => throw new ArgumentException($"expected {string.Join(", ", Names)}, found {name}", nameof(name)),
    };
}
