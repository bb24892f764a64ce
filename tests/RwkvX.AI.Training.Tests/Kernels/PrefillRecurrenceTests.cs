using RwkvX.AI.Torch.Passes;
using RwkvX.AI.Training.Cuda;
using RwkvX.AI.Training.Wkv;
using Xunit;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Tests.Kernels;

/// <summary>The engine's recurrence divided over tokens, compiled for the host, against the one that goes token by token: here, since it is training's plain form and launcher.</summary>
public sealed class PrefillRecurrenceTests : TorchTest
{
    private const int H = 3, N = 64, C = H * N, Places = 16;

    /// <summary>Three sequences in one pass, whose rows are cut at 200 as a pass cuts them: states go from chunk to chunk, and from one launch to the next.</summary>
    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 1)]
    [InlineData(true, 0)] // one token repeated: all keys equal, a = 1, slow decay
    [InlineData(true, 1)]
    public void Divided_SeveralSequences_IsTheSequentialOne(bool repeated, int weightType)
    {
        using HostKernelLauncher launcher = new();
        int[] starts = [0, 130, 131, 390];
        // (T, 3, 64) each, of which a sequence has its rows
        Tensor[] inputs = [.. OperatorTests.WkvInputs(starts[^1], repeated).Select(x => x.detach()[0].contiguous())];
        (Tensor y, Tensor states) = Divided(launcher, inputs, starts, cut: 200, weightType);
        for (int s = 0; s + 1 < starts.Length; s++)
        {
            Tensor[] own = [.. inputs.Select(x => x[starts[s]..starts[s + 1]].unsqueeze(0))];
            Tensor expected = SequentialWkv.Forward(own[0], own[1], own[2], own[3], own[4], own[5])[0].reshape(-1, C);
            Close(expected, y[starts[s]..starts[s + 1]], weightType, $"sequence {s}: y");
            Close(LastState(own), states[s].reshape(H, N, N), weightType, $"sequence {s}: state");
        }
    }

    /// <summary>The order of threads between barriers does not matter.</summary>
    [Fact]
    public void Divided_ThreadsReversed_GivesTheSameBits()
    {
        using HostKernelLauncher launcher = new(), reversed = new() { IsReversed = true };
        Tensor[] inputs = [.. OperatorTests.WkvInputs(150, repeated: false).Select(x => x.detach()[0].contiguous())];
        (Tensor y, Tensor states) = Divided(launcher, inputs, [0, 150], cut: 150, 0);
        (Tensor otherY, Tensor otherStates) = Divided(reversed, inputs, [0, 150], cut: 150, 0);
        Assert.True(y.eq(otherY).all().item<bool>() && states.eq(otherStates).all().item<bool>());
    }

    /// <summary>y (T, C) and the states (S, H·64·64) behind all rows, from states of zeros; rows of two launches.</summary>
    private static unsafe (Tensor Y, Tensor States) Divided(HostKernelLauncher launcher, Tensor[] inputs, int[] starts, int cut, int weightType)
    {
        int rows = starts[^1], sequences = starts.Length - 1;
        Tensor records = stack([inputs[1].exp(), inputs[2], inputs[4], inputs[5], inputs[0], inputs[3]], dim: 2).contiguous(); // w, k, -κ, κ·a, r, v
        Tensor y = zeros(rows, C), states = zeros(sequences, (2 * C) + (H * N * N)), first = tensor(starts);
        Tensor addresses = tensor([.. Enumerable.Range(0, sequences).Select(s => (long)At(states, s * states.shape[1]))]);
        Tensor[] matrices = [.. Enumerable.Range(0, 4).Select(_ => full([Places, H, N, N], float.NaN))];
        string[] defines = [$"-DC={C}", $"-DH={H}", $"-DWEIGHT={weightType}", "-DSTATE=0"];
        foreach ((int begin, int end) in (ReadOnlySpan<(int, int)>)[(0, cut), (cut, rows)])
        {
            if (begin == end)
                continue;
            RowsWkvChunksArgs chunks = new()
            {
                Records = At(records, (long)begin * H * 6 * N),
                Starts = At(first),
                M = At(matrices[0]),
                G = At(matrices[1]),
                Q = At(matrices[2]),
                Y = At(y, (long)begin * C),
                Begin = begin,
                End = end,
            };
            RowsWkvStatesArgs between = new() { M = chunks.M, G = chunks.G, S = At(matrices[3]), Starts = chunks.Starts, States = At(addresses), Begin = begin, End = end };
            RowsWkvOutputsArgs outputs = new() { Q = chunks.Q, S = between.S, Y = chunks.Y, Starts = chunks.Starts, Begin = begin, End = end };
            const int Tile = 64 * 68 * sizeof(float), Most = 5; // chunks of the longest sequence, and one more
            launcher.Launch("rows_wkv_chunks", defines, chunks, 256, Most, H, sequences, (6 * Tile) + (256 * sizeof(float)));
            launcher.Launch("rows_wkv_states", defines, between, 64, 16, H, sequences, 4 * (64 + 4) * 64 * sizeof(float));
            launcher.Launch("rows_wkv_outputs", defines, outputs, 256, Most, H, sequences, 2 * Tile);
        }
        return (y, states[.., (2 * C)..]);

        static ulong At(Tensor t, long element = 0) => (ulong)TensorPointer.Of(t) + (ulong)(element * t.ElementSize);
    }

    /// <summary>(H, 64, 64) behind the last token, row by row as the definition has it.</summary>
    private static Tensor LastState(Tensor[] x)
    {
        Tensor s = zeros(H, N, N);
        for (int t = 0; t < x[0].shape[1]; t++)
        {
            Tensor Row(int i) => x[i][0, t].unsqueeze(1); // (H, 1, 64)
            Tensor a = Row(4).transpose(1, 2), v = Row(3).transpose(1, 2);
            s = (s * Row(1).exp()) + s.matmul(a).matmul(Row(5)) + v.matmul(Row(2));
        }
        return s;
    }

    private static void Close(Tensor expected, Tensor found, int weightType, string what)
    {
        double tolerance = weightType == 0 ? 1e-3 : 2e-2;
        double difference = (expected - found).norm().item<float>() / expected.norm().item<float>();
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: relative error {difference:g3}");
        Assert.True(difference <= tolerance, $"{what}: relative error {difference:g3}, expected at most {tolerance}");
    }
}
