using System.Numerics.Tensors;
using RwkvX.AI.Models;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Evaluation.Scoring;

/// <summary>Reads prompts and writes answers greedily. Prompts that begin alike are read once.</summary>
/// <param name="model">The engine.</param>
/// <param name="tokenizer">Its vocabulary.</param>
public sealed class GreedyReader(IRwkvXModel model, WorldTokenizer tokenizer) : IDisposable
{
    private const int LeastSpan = 1024; // tokens in a pass

    private RwkvXState? _state;
    private List<int> _read = [];

    /// <summary>Tokens of the last prompt.</summary>
    public int PromptTokens { get; private set; }

    /// <summary>What the model says after a prompt, up to a blank line, the end of text, or so many tokens.</summary>
    /// <param name="prompt">All that goes before.</param>
    /// <param name="maxTokens">Of the answer.</param>
    /// <param name="cancellationToken">Acts between passes.</param>
    public string Answer(string prompt, int maxTokens, CancellationToken cancellationToken = default)
    {
        int[] ids = tokenizer.Encode(prompt);
        PromptTokens = ids.Length;
        float[] logits = new float[model.Config.VocabSize];
        // The last token is always read anew: its logits are what is wanted.
        int shared = Math.Min(ids.Length - 1, Shared(ids));
        if (_state is null || shared < _read.Count) Restart();
        Read(ids.AsSpan(_read.Count..^1), cancellationToken);
        using RwkvXState state = _state!.Fork();
        model.Forward(state, new[] { ids[^1] }, logits, cancellationToken);
        return Write(state, logits, maxTokens, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _state?.Dispose();

    private int Shared(int[] ids)
    {
        int shared = 0;
        while (shared < ids.Length && shared < _read.Count && ids[shared] == _read[shared]) shared++;
        return shared;
    }

    private void Restart()
    {
        _state?.Dispose();
        _state = model.CreateState();
        _read = [];
    }

    private void Read(ReadOnlySpan<int> ids, CancellationToken cancellationToken)
    {
        while (!ids.IsEmpty)
        {
            int[] piece = ids[..Math.Min(Math.Max(LeastSpan, model.Engine.PrefillSpan), ids.Length)].ToArray();
            model.Forward(_state!, piece, default, cancellationToken);
            _read.AddRange(piece);
            ids = ids[piece.Length..];
        }
    }

    private string Write(RwkvXState state, float[] logits, int maxTokens, CancellationToken cancellationToken)
    {
        List<int> answer = [];
        for (int i = 0; i < maxTokens; i++)
        {
            int id = TensorPrimitives.IndexOfMax(logits);
            if (id == 0) break;
            answer.Add(id);
            string text = tokenizer.Decode(answer);
            int end = text.TrimStart().IndexOf("\n\n", StringComparison.Ordinal);
            if (end >= 0) return text.TrimStart()[..end].Trim();
            model.Forward(state, new[] { id }, logits, cancellationToken);
        }

        return tokenizer.Decode(answer).Trim();
    }
}
