using RwkvX.AI.Models;

namespace RwkvX.AI.Testing;

/// <summary>Tokens run through a model by some schedule, all of which must compute the same.</summary>
public sealed class ScheduledRun : IDisposable
{
    private static readonly int[] Detour = [1, 2, 3];

    private readonly IRwkvXModel _model;
    private readonly int _vocabulary;

    private ScheduledRun(IRwkvXModel model, int count)
    {
        _model = model;
        _vocabulary = model.Config.VocabSize;
        State = model.CreateState();
        Logits = new float[count * _vocabulary];
    }

    /// <summary>The state after the last token.</summary>
    public RwkvXState State { get; private set; }

    /// <summary>(T, V) the logits after each token.</summary>
    public float[] Logits { get; }

    /// <summary>Runs tokens from an empty state.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokens">(T)</param>
    /// <param name="schedule">
    /// <c>sequence</c>; a number N: calls of N tokens; <c>batch</c>: beside two other sequences that start earlier and end later;
    /// <c>exported</c>: in two halves, with the state exported and imported between; <c>forked</c>: with a fork, which goes another way, after every 11 tokens.
    /// </param>
    public static ScheduledRun Run(IRwkvXModel model, int[] tokens, string schedule)
    {
        ScheduledRun run = new(model, tokens.Length);
        switch (schedule)
        {
            case "sequence":
                run.Forward(tokens, 0, tokens.Length);
                break;
            case "batch":
                run.Batch(tokens);
                break;
            case "exported":
                run.Forward(tokens, 0, tokens.Length / 2);
                run.MoveState();
                run.Forward(tokens, tokens.Length / 2, tokens.Length);
                break;
            case "forked":
                run.Split(tokens, 11, run.GoAnotherWay);
                break;
            default:
                run.Split(tokens, int.Parse(schedule, System.Globalization.CultureInfo.InvariantCulture), () => { });
                break;
        }

        return run;
    }

    public void Dispose() => State.Dispose();

    private void Forward(int[] tokens, int start, int end)
    {
        if (end > start)
            _model.Forward(State, tokens.AsMemory(start, end - start), Logits.AsMemory(start * _vocabulary, (end - start) * _vocabulary));
    }

    private void Split(int[] tokens, int size, Action between)
    {
        for (int start = 0; start < tokens.Length; start += size)
        {
            Forward(tokens, start, Math.Min(start + size, tokens.Length));
            between();
        }
    }

    private void Batch(int[] tokens)
    {
        using RwkvXState before = _model.CreateState(), after = _model.CreateState();
        int[] others = [.. tokens.Reverse()];
        _model.Forward(before, others.AsMemory(0, Math.Min(9, others.Length)), Memory<float>.Empty);
        for (int start = 0, size = 1; start < tokens.Length; start += size, size = (size * 3 % 31) + 1)
        {
            size = Math.Min(size, tokens.Length - start);
            _model.Forward(
            [
                new ForwardItem(before, others.AsMemory(0, 1), Memory<float>.Empty),
                new ForwardItem(State, tokens.AsMemory(start, size), Logits.AsMemory(start * _vocabulary, size * _vocabulary)),
                new ForwardItem(after, others.AsMemory(0, Math.Min(5, others.Length)), new float[_vocabulary]),
            ]);
        }
    }

    private void MoveState()
    {
        StateSnapshot snapshot = _model.Export(State);
        State.Dispose();
        State = _model.Import(snapshot);
    }

    private void GoAnotherWay()
    {
        // The fork takes the place of the original half of the time, so both sides of a fork are tested.
        RwkvXState fork = State.Fork();
        (RwkvXState stay, RwkvXState leave) = State.TokenCount % 2 == 0 ? (State, fork) : (fork, State);
        _model.Forward(leave, Detour, Memory<float>.Empty);
        leave.Dispose();
        State = stay;
    }
}
