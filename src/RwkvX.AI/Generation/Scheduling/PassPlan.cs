namespace RwkvX.AI.Generation.Scheduling;

/// <summary>Chooses what runs in the next pass.</summary>
/// <remarks>
/// Single tokens go first, all together. Prompts share what is left of the pass evenly, so that a short one does not wait for a long one.
/// Who waited longer comes first; a step of priority counts for <see cref="PassesPerPriority"/> passes of waiting, so nobody starves.
/// </remarks>
internal sealed class PassPlan
{
    /// <summary>Single tokens in one pass at most.</summary>
    public const int MaxSteps = 256;

    /// <summary>How many passes of waiting a step of priority is worth.</summary>
    public const int PassesPerPriority = 64;

    private const int LeastShare = 16; // tokens of a prompt; smaller pieces would cost more than they give
    private readonly List<ScheduledSequence> _steps = [];
    private readonly List<ScheduledSequence> _prompts = [];

    /// <summary>How many of the chosen run one token.</summary>
    public int Steps => _steps.Count;

    /// <summary>Tokens of the others.</summary>
    public int PromptTokens { get; private set; }

    /// <summary>Moves sequences from the waiting ones into a pass, and sets how many tokens each runs.</summary>
    /// <param name="waiting">Those that are ready.</param>
    /// <param name="pass">Where the chosen go, single tokens first.</param>
    /// <param name="isStreaming">Whether a stream runs that prompts would hold up, ready or not.</param>
    /// <param name="pace">How fast the engine is.</param>
    public void Choose(List<ScheduledSequence> waiting, List<ScheduledSequence> pass, bool isStreaming, PassPace pace)
    {
        Sort(waiting);
        PromptTokens = 0;
        if (_prompts.Count > 0)
        {
            Share(isStreaming || _steps.Count > 0, pace);
        }

        pass.AddRange(_steps);
        foreach (ScheduledSequence prompt in _prompts)
        {
            if (prompt.Span > 0)
            {
                pass.Add(prompt);
                PromptTokens += prompt.Span;
            }
        }

        waiting.RemoveAll(static sequence => sequence.Span > 0);
    }

    private void Sort(List<ScheduledSequence> waiting)
    {
        _steps.Clear();
        _prompts.Clear();
        foreach (ScheduledSequence sequence in waiting)
        {
            sequence.Span = 0;
            (sequence.Rest.Length == 1 ? _steps : _prompts).Add(sequence);
        }

        if (_steps.Count > MaxSteps)
        {
            _steps.Sort(ScheduledSequence.ByTurn);
            _steps.RemoveRange(MaxSteps, _steps.Count - MaxSteps);
        }

        _steps.ForEach(static step => step.Span = 1);
    }

    private void Share(bool holdsUpStreams, PassPace pace)
    {
        _prompts.Sort(ScheduledSequence.ByTurn);
        int left = _prompts.Max(static prompt => prompt.Limits.PrefillSpan);
        if (holdsUpStreams)
        {
            TimeSpan maxStall = _prompts.Min(static prompt => prompt.Limits.MaxStall);
            foreach (ScheduledSequence step in _steps)
            {
                maxStall = step.Limits.MaxStall < maxStall ? step.Limits.MaxStall : maxStall;
            }

            left = Math.Min(left, pace.Span(_steps.Count, maxStall));
        }

        int share = Math.Max(LeastShare, left / _prompts.Count);
        left = Give(left, share);
        Give(left, left); // what short ones left over
    }

    private int Give(int left, int share)
    {
        foreach (ScheduledSequence prompt in _prompts)
        {
            int most = Math.Min(prompt.Rest.Length, prompt.Limits.PrefillSpan) - prompt.Span;
            int given = Math.Min(Math.Min(most, share), left);
            prompt.Span += given;
            left -= given;
        }

        return left;
    }
}
