using System.Text;
using RwkvX.AI.Models;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Cli;

/// <summary>Hides numbers at several depths of a long text and asks for them, greedily decoded.</summary>
/// <remarks>
/// The samples share the text before the number. Where the engine gives the same bits however tokens are split, that text is run
/// once and each sample goes on from a fork of its state: the answers are those of runs from the start, in half the time.
/// </remarks>
/// <param name="model">The model.</param>
/// <param name="tokenizer">Its tokenizer.</param>
internal sealed class PasskeyTask(IRwkvXModel model, WorldTokenizer tokenizer)
{
    private const int Span = 1024; // tokens in a pass: how often progress is reported and cancellation seen
    private const int MaxAnswerTokens = 12;

    /// <summary>Called with the tokens computed so far.</summary>
    public Action<long>? Progress { get; init; }

    /// <summary>Whether samples go on from forks of a shared state; null lets the engine's exactness decide.</summary>
    public bool? ShareTrunk { get; init; }

    /// <summary>One sample's outcome.</summary>
    /// <param name="Depth">The number's place in the filler, from 0 to below 1.</param>
    /// <param name="Tokens">Length of the prompt.</param>
    /// <param name="Key">The number hidden.</param>
    /// <param name="Answer">The digits that the model gave.</param>
    public sealed record Sample(double Depth, int Tokens, string Key, string Answer)
    {
        /// <summary>Whether the digits are the number's.</summary>
        public bool IsRight => Key == Answer;
    }

    /// <summary>A prompt to run.</summary>
    /// <param name="Depth">The number's place.</param>
    /// <param name="Key">The number.</param>
    /// <param name="Ids">The prompt.</param>
    private sealed record Prompt(double Depth, string Key, int[] Ids);

    /// <summary>Tokens that a run computes in all, for a progress bar.</summary>
    public static long EstimateTokens(int tokens, int depths, int samples) => (long)tokens * ((depths * samples / 2) + 1);

    /// <summary>Runs the grid: at depths 0, 1/D, … (D − 1)/D of the filler, some samples each.</summary>
    /// <param name="tokens">Length of the prompt, at most.</param>
    /// <param name="depths">D.</param>
    /// <param name="samples">Samples at each depth.</param>
    /// <param name="seed">Decides the numbers.</param>
    /// <param name="cancellationToken">Acts between passes.</param>
    /// <returns>The samples, depth by depth, as they are done.</returns>
    /// <exception cref="CliException">The prompt's frame alone is longer.</exception>
    public IEnumerable<Sample> Run(int tokens, int depths, int samples, int seed, CancellationToken cancellationToken)
    {
        int filler = PasskeyPrompt.FitFiller(tokenizer, tokens);
        if (filler < 1) throw new CliException($"--tokens: expected room for the prompt without filler, found {tokens}");
        int[] trunkIds = tokenizer.Encode(PasskeyPrompt.WriteTrunk(filler));
        using RwkvXState trunk = model.CreateState();
        bool share = ShareTrunk ?? model.Engine.Name == "cpu";
        foreach (Prompt prompt in Prompts(filler, depths, samples, seed))
        {
            int shared = share ? trunkIds.AsSpan().CommonPrefixLength(prompt.Ids) : 0;
            if (shared > trunk.TokenCount) Prefill(trunk, trunkIds.AsMemory((int)trunk.TokenCount..shared), default, cancellationToken);
            using RwkvXState state = share ? trunk.Fork() : model.CreateState();
            float[] logits = new float[model.Config.VocabSize];
            Prefill(state, prompt.Ids.AsMemory((int)state.TokenCount..), logits, cancellationToken);
            yield return new Sample(prompt.Depth, prompt.Ids.Length, prompt.Key, Answer(state, logits, cancellationToken));
        }
    }

    private IEnumerable<Prompt> Prompts(int filler, int depths, int samples, int seed)
    {
        Random random = new(seed);
        for (int depth = 0; depth < depths; depth++)
        {
            int before = (int)((long)filler * depth / depths);
            for (int sample = 0; sample < samples; sample++)
            {
                int key = random.Next(1, PasskeyPrompt.MaxKey + 1);
                yield return new Prompt((double)depth / depths, $"{key}", tokenizer.Encode(PasskeyPrompt.Write(key, filler, before)));
            }
        }
    }

    private long _computed;

    private void Prefill(RwkvXState state, ReadOnlyMemory<int> ids, Memory<float> logits, CancellationToken cancellationToken)
    {
        while (!ids.IsEmpty)
        {
            int count = Math.Min(Span, ids.Length);
            model.Forward(state, ids[..count], count == ids.Length ? logits : default, cancellationToken);
            ids = ids[count..];
            Progress?.Invoke(_computed += count);
        }
    }

    /// <summary>The first run of digits that the model continues with.</summary>
    private string Answer(RwkvXState state, float[] logits, CancellationToken cancellationToken)
    {
        StreamingDetokenizer detokenizer = new(tokenizer);
        StringBuilder text = new();
        for (int i = 0; i < MaxAnswerTokens; i++)
        {
            int id = System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits);
            text.Append(detokenizer.Append(id));
            string answer = text.ToString().TrimStart();
            int digits = answer.AsSpan().IndexOfAnyExceptInRange('0', '9');
            if (digits >= 0) return answer[..digits];
            model.Forward(state, new[] { id }, logits, cancellationToken);
        }

        return text.ToString().Trim();
    }
}
