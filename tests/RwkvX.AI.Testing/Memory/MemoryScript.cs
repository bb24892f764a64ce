using Microsoft.Extensions.AI;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Testing.Memory;

/// <summary>A random but repeatable sequence of operations on one tenant's memory, with the twins of what should come of it.</summary>
/// <remarks>Steps are drawn from the twins alone, so that a second script of the same seed, in another process, draws the same ones.</remarks>
public sealed class MemoryScript(int seed, string tenant = "t", int maxConversations = 6)
{
    private static readonly string[] LabelNames = ["a", "b", "c"];
    private readonly Random _random = new(seed);
    private int _made;

    /// <summary>What should be remembered after the steps so far.</summary>
    public Dictionary<string, MemoryTwin> Twins { get; } = [];

    /// <summary>Draws the next step, changes the twins, and says what to do to a memory.</summary>
    public Func<MemoryHarness, Task> Next()
    {
        int kind = _random.Next(100);
        if (Twins.Count == 0 || (kind < 8 && Twins.Count < maxConversations)) return Create();
        string name = Twins.Keys.Order(StringComparer.Ordinal).ElementAt(_random.Next(Twins.Count));
        MemoryTwin twin = Twins[name];
        string? label = twin.Labels.Count == 0 ? null : twin.Labels.Keys.Order(StringComparer.Ordinal).ElementAt(_random.Next(twin.Labels.Count));
        return kind switch
        {
            < 18 when Twins.Count < maxConversations => Fork(name, _random.Next(2) == 0 ? label : null),
            < 24 => Delete(name),
            < 32 when label is not null => Rewind(name, label),
            < 42 => Checkpoint(name),
            < 46 => harness => harness.Memory.CollectAsync().AsTask(),
            < 64 => Read(name),
            < 78 => Say(name),
            _ => Ask(name),
        };
    }

    /// <summary>A text that a vocabulary without some of its characters writes in bytes.</summary>
    public static string Text(Random random, string mark)
    {
        string[] words = ["boat", "harbour", "red", "4711", "\u00e9t\u00e9", "\U0001F600", "User:", "\n\n"];
        return $"{mark} {string.Join(' ', Enumerable.Range(0, random.Next(1, 20)).Select(_ => words[random.Next(words.Length)]))}";
    }

    private Func<MemoryHarness, Task> Create()
    {
        string name = $"c{_made++}";
        Twins.Add(name, new MemoryTwin());
        return harness => harness.Memory.CreateAsync(Key(name)).AsTask();
    }

    private Func<MemoryHarness, Task> Fork(string name, string? label)
    {
        string target = $"c{_made++}";
        Twins.Add(target, Twins[name].Fork(label));
        return harness => harness.Memory.ForkAsync(Key(name), Key(target), label).AsTask();
    }

    private Func<MemoryHarness, Task> Delete(string name)
    {
        Twins.Remove(name);
        return harness => harness.Memory.DeleteAsync(Key(name)).AsTask();
    }

    private Func<MemoryHarness, Task> Checkpoint(string name)
    {
        string label = LabelNames[_random.Next(LabelNames.Length)];
        Twins[name].Labels[label] = Twins[name].Texts.Count;
        return harness => harness.Memory.CheckpointAsync(Key(name), label).AsTask();
    }

    /// <summary>Labels set later are on no way to the head any more; one that was used again means its earlier place again, which the twin does not know.</summary>
    private Func<MemoryHarness, Task> Rewind(string name, string label)
    {
        MemoryTwin twin = Twins[name];
        Twins[name] = twin.Fork(label);
        return harness => harness.Memory.RewindAsync(Key(name), label).AsTask();
    }

    private Func<MemoryHarness, Task> Read(string name)
    {
        string text = Text(_random, name);
        Twins[name].Texts.Add(text);
        return harness => harness.Memory.AppendAsync(Key(name), text).AsTask();
    }

    private Func<MemoryHarness, Task> Say(string name)
    {
        string question = Text(_random, name), answer = Text(_random, name);
        Twins[name].Texts.AddRange([question, answer]);
        return harness => harness.Memory.AppendAsync(Key(name), [new ChatMessage(ChatRole.User, question), new ChatMessage(ChatRole.Assistant, answer)]).AsTask();
    }

    private Func<MemoryHarness, Task> Ask(string name)
    {
        string question = Text(_random, name);
        Twins[name].Texts.AddRange([question, null]);
        return harness => harness.AskAsync(Key(name), question);
    }

    private ConversationKey Key(string name) => new(tenant, name);
}
