using System.Numerics;

namespace RwkvX.AI.Generation.Scheduling;

/// <summary>How fast the engine is, learnt from its passes: how many tokens of prompts fit into a time beside the steps of streams.</summary>
/// <remarks>
/// Two figures: how long a pass of steps alone takes, for 1, 2, 4, … steps, and how much longer each token of a prompt makes a pass.
/// Both follow the last few passes, so that longer contexts and a busier machine show. Not thread-safe.
/// </remarks>
internal sealed class PassPace
{
    // Of the newest figure in the running mean. Other work on the machine only ever adds time, the more to a token the fewer a pass has:
    // faster figures count for more, or spans that a busy moment made short would stay short.
    private const double SlowerShare = 0.15;
    private const double FasterShare = 0.5;
    private const int Growth = 2; // a span is at most so many times the last one: an estimate is trusted near where it was made
    private const int FirstSpan = 32;
    private const int LeastSpan = 8;

    private readonly double[] _stepSeconds = new double[32]; // by the logarithm of the number of steps; 0 while unknown
    private double _tokenSeconds;
    private int _lastSpan = FirstSpan / Growth;

    /// <summary>Learns from a pass.</summary>
    /// <param name="steps">Sequences of which it ran one token.</param>
    /// <param name="promptTokens">Tokens of longer spans.</param>
    /// <param name="elapsed">How long it took.</param>
    public void Observe(int steps, int promptTokens, TimeSpan elapsed)
    {
        double seconds = elapsed.TotalSeconds;
        if (promptTokens == 0)
        {
            ref double known = ref _stepSeconds[BitOperations.Log2((uint)Math.Max(steps, 1))];
            known = Mean(known, seconds);
            return;
        }

        _tokenSeconds = Mean(_tokenSeconds, Math.Max(seconds - StepSeconds(steps), seconds / 8) / promptTokens);
        _lastSpan = promptTokens;
    }

    /// <summary>How many tokens of prompts a pass may run beside steps.</summary>
    /// <param name="steps">Sequences of which it runs one token.</param>
    /// <param name="maxStall">How long the pass may take.</param>
    public int Span(int steps, TimeSpan maxStall)
    {
        double steady = StepSeconds(steps);
        double left = Math.Max(maxStall.TotalSeconds - steady, steady / 2);
        double fitting = _tokenSeconds == 0 ? FirstSpan : left / _tokenSeconds;
        return (int)Math.Clamp(fitting, LeastSpan, Math.Max(FirstSpan, (double)_lastSpan * Growth));
    }

    private double StepSeconds(int steps)
    {
        if (steps == 0)
        {
            return 0;
        }

        int wanted = BitOperations.Log2((uint)steps);
        for (int nearest = wanted; nearest >= 0; nearest--)
        {
            if (_stepSeconds[nearest] > 0)
            {
                return _stepSeconds[nearest];
            }
        }

        return 0;
    }

    private static double Mean(double known, double seconds) => known == 0 ? seconds : known + ((seconds < known ? FasterShare : SlowerShare) * (seconds - known));
}
