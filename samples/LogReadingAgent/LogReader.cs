using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;

/// <summary>An agent that reads a log bit by bit. What it has read, and how far, is in its session, which outlives the process.</summary>
internal sealed class LogReader(IRwkvXMemory memory, IChatClient client, AgentSessionStore sessions)
{
    private const string Tenant = "default";
    private const string LinesRead = "lines read";

    private readonly ChatClientAgent _agent = new(client, new ChatClientAgentOptions
    {
        Name = "log reader",
        ChatOptions = new ChatOptions { Temperature = 0, MaxOutputTokens = 40 },
    });

    /// <summary>Reads lines that no run before has read.</summary>
    /// <param name="path">The log.</param>
    /// <param name="count">The most lines to read.</param>
    /// <returns>The lines that were known before, and those that are known now.</returns>
    public async Task<(int Before, int Now)> ReadAsync(string path, int count)
    {
        AgentSession session = await OpenAsync(path);
        int before = int.Parse(session.StateBag.GetValue<string>(LinesRead) ?? "0");
        string[] lines = [.. File.ReadLines(path).Skip(before).Take(count)];
        if (lines.Length > 0)
        {
            await memory.AppendAsync(Conversation(session), string.Join("\n", lines).Split("\n\n").SelectMany(Told));
            session.StateBag.SetValue(LinesRead, $"{before + lines.Length}");
            await sessions.SaveSessionAsync(_agent, Key(path), session);
        }

        return (before, before + lines.Length);
    }

    /// <summary>A paragraph as if the user had told it: the embedded model was trained on talk that goes on, and on one document at a time.</summary>
    private static ChatMessage[] Told(string paragraph) => [new(ChatRole.User, paragraph), new(ChatRole.Assistant, "I will remember that.")];

    /// <summary>Asks about all that was read, without leaving a trace in it.</summary>
    public async Task<AgentResponse> AskAsync(string path, string question) => await _agent.RunAsync(question, await OpenAsync(path));

    private async Task<AgentSession> OpenAsync(string path)
    {
        if (await sessions.GetSessionAsync(_agent, Key(path)) is { } session) return session;
        ConversationInfo made = await memory.CreateAsync(new ConversationKey(Tenant, $"log-{Guid.NewGuid():n}"));
        return await _agent.CreateSessionAsync(made.Key.Name);
    }

    private static AgentSessionStoreKey Key(string path) => new(Path.GetFullPath(path));

    private static ConversationKey Conversation(AgentSession session) => new(Tenant, ((ChatClientAgentSession)session).ConversationId!);
}
