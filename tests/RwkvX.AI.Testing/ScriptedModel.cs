using RwkvX.AI.Cpu;
using RwkvX.AI.Models;

namespace RwkvX.AI.Testing;

/// <summary>Writes the logits that follow a history.</summary>
/// <param name="history">All tokens that the state has consumed.</param>
/// <param name="logits">(V) zeros on entry.</param>
public delegate void LogitsScript(ReadOnlySpan<int> history, Span<float> logits);

/// <summary>A model without weights: the next-token distribution is scripted from the whole token history, and everything computed is counted.</summary>
/// <remarks>Keeps the contract of <see cref="IRwkvXModel"/>, its errors included, so that what passes here passes over a real engine.</remarks>
public sealed class ScriptedModel(int vocabSize, LogitsScript script) : IRwkvXModel
{
    private readonly ArrivalGate _pass = new(); // in the order of arrival, as the contract says: a lock would let one caller in again and again
    private long _computedTokens;
    private volatile int _passThread;
    private int _passes;
    private int _liveStates;
    private bool _isDisposed;

    /// <summary>Bytes that each state says its recurrent part has.</summary>
    public long RecurrentBytes { get; init; } = 1000;

    /// <summary>Bytes that each state says one page has.</summary>
    public long BytesPerPage { get; init; } = 160;

    /// <summary>Runs at the start of each pass, inside it, with the pass's number from 1: cancels, waits or throws.</summary>
    public Action<int>? OnPass { get; set; }

    /// <summary>Runs at the start of each export: waits or throws.</summary>
    public Action? OnExport { get; set; }

    /// <inheritdoc/>
    public RwkvXConfig Config { get; } =
        new() { EmbeddingSize = 64, LayerCount = 1, SparseLayerCount = 1, VocabSize = vocabSize, MobaChunkSize = 16, MobaTopK = 2 };

    /// <inheritdoc/>
    public EngineInfo Engine { get; } = new("scripted", "cpu", Precision.F32, 0, "scripted from the token history");

    /// <inheritdoc/>
    public string ModelHash { get; init; } = "scripted";

    /// <summary>Tokens that passes have consumed so far, over all states.</summary>
    public long ComputedTokens => Interlocked.Read(ref _computedTokens);

    /// <summary>Passes begun so far.</summary>
    public int Passes => Volatile.Read(ref _passes);

    /// <summary>States made or forked and not disposed yet.</summary>
    public int LiveStates => Volatile.Read(ref _liveStates);

    /// <summary>Whether the model was disposed.</summary>
    public bool IsDisposed => _isDisposed;

    /// <summary>A script that gives one token all the probability.</summary>
    public static ScriptedModel Choosing(int vocabSize, Func<int[], int> next) =>
        new(vocabSize, (history, logits) =>
        {
            logits.Fill(float.NegativeInfinity);
            logits[next(history.ToArray())] = 0;
        });

    /// <summary>A script in which every logit depends on every token of the history: a state that leaks or loses one token shows.</summary>
    public static ScriptedModel Hashing(int vocabSize) =>
        new(vocabSize, (history, logits) =>
        {
            ulong hash = 14695981039346656037; // FNV-1a
            foreach (int token in history)
            {
                hash = (hash ^ (uint)token) * 1099511628211;
            }

            for (int i = 0; i < logits.Length; i++)
            {
                ulong mixed = (hash ^ (uint)i) * 0x9E3779B97F4A7C15;
                logits[i] = (mixed >> 40) / (float)(1 << 24) * 6;
            }
        });

    /// <inheritdoc/>
    public RwkvXState CreateState() => NewState([]);

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<ForwardItem> batch, CancellationToken cancellationToken = default)
    {
        _pass.Enter(cancellationToken);
        try
        {
            _passThread = Environment.CurrentManagedThreadId;
            Run(batch, cancellationToken);
        }
        finally
        {
            _passThread = 0;
            _pass.Exit();
        }
    }

    /// <inheritdoc/>
    public StateSnapshot Export(RwkvXState state)
    {
        OnExport?.Invoke();
        return ScriptedSnapshot.Of((ScriptedState)state);
    }

    /// <inheritdoc/>
    public RwkvXState Import(StateSnapshot snapshot) => NewState(ScriptedSnapshot.History(snapshot, Config));

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_passThread == Environment.CurrentManagedThreadId)
        {
            _isDisposed = true; // inside OnPass: waiting for the pass would be waiting for ourselves
            return;
        }

        _pass.Enter();
        _isDisposed = true;
        _pass.Exit();
    }

    /// <summary>A state with a history of its own.</summary>
    internal ScriptedState NewState(List<int> history)
    {
        Interlocked.Increment(ref _liveStates);
        return new ScriptedState(this, history);
    }

    /// <summary>Notes that a state was disposed.</summary>
    internal void Forget() => Interlocked.Decrement(ref _liveStates);

    private void Run(ReadOnlySpan<ForwardItem> batch, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        Check(batch);
        int pass = Interlocked.Increment(ref _passes);
        try
        {
            OnPass?.Invoke(pass);
            cancellationToken.ThrowIfCancellationRequested();
        }
        catch
        {
            foreach (ForwardItem item in batch)
            {
                ((ScriptedState)item.State).Break();
            }

            throw;
        }

        foreach (ForwardItem item in batch)
        {
            Run((ScriptedState)item.State, item.Tokens.Span, item.Logits.Span);
        }
    }

    private void Run(ScriptedState state, ReadOnlySpan<int> tokens, Span<float> logits)
    {
        bool each = logits.Length > vocabSize || (tokens.Length == 1 && logits.Length == vocabSize);
        for (int t = 0; t < tokens.Length; t++)
        {
            state.Consume(tokens[t]);
            if (!logits.IsEmpty && (each || t == tokens.Length - 1))
            {
                Span<float> row = each ? logits.Slice(t * vocabSize, vocabSize) : logits;
                row.Clear();
                script(state.History, row);
            }
        }

        Interlocked.Add(ref _computedTokens, tokens.Length);
    }

    private void Check(ReadOnlySpan<ForwardItem> batch)
    {
        HashSet<RwkvXState> states = [];
        foreach (ForwardItem item in batch)
        {
            int length = item.Tokens.Length;
            bool fits = item.Logits.Length == 0 || item.Logits.Length == vocabSize || item.Logits.Length == length * vocabSize;
            bool isOurs = item.State is ScriptedState state && state.Model == this;
            if (length == 0 || !fits || !isOurs || !states.Add(item.State) || item.Tokens.Span.ContainsAnyExceptInRange(0, vocabSize - 1))
            {
                throw new ArgumentException("an item breaks the contract of Forward", nameof(batch));
            }

            if (!item.State.IsValid)
            {
                throw new InvalidOperationException("a state is not valid");
            }
        }

        if (states.Count == 0)
        {
            throw new ArgumentException("batch: expected an item", nameof(batch));
        }
    }
}
