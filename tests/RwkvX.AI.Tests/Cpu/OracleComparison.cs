using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Models;
using RwkvX.AI.Testing.Reference;
using Xunit;

namespace RwkvX.AI.Tests.Cpu;

/// <summary>An engine's logits against the oracle's, with the engine's choices of chunks imposed on the oracle where they are a matter of rounding.</summary>
internal static class OracleComparison
{
    public static void Run(TinyModel tiny, int[] tokens, float[] logits, ChoiceLog choices, double gap)
    {
        ScalarModel oracle = tiny.Oracle();
        oracle.OnChoice = choice =>
        {
            if (choice.Chunks.Length == 0)
                return choice.Chunks; // top-k 1: nothing to choose
            int[] engine = choices[choice.Layer, choice.Position, choice.Head];
            double worstChosen = engine.Min(chunk => choice.Scores[chunk]);
            double bestRejected = Enumerable.Range(0, choice.Scores.Length).Except(engine).Max(chunk => choice.Scores[chunk]);
            Assert.True(worstChosen >= bestRejected - gap, $"position {choice.Position}, head {choice.Head}: chose {worstChosen:g6}, rejected {bestRejected:g6}");
            return engine;
        };
        float[] expected = [.. oracle.Run(oracle.CreateState(), tokens).SelectMany(row => row).Select(logit => (float)logit)];
        TensorAssert.Close(expected, logits, Tolerances.F32, "logits against the oracle");
    }
}
