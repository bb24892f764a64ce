using RwkvX.AI.Cpu.Kernels;
using Xunit;

namespace RwkvX.AI.Tests.Cpu.Kernels;

public sealed unsafe class WkvTests
{
    private const int N = Wkv.N, Ld = 2 * N;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(77)]
    public void Run_RandomTokens_IsTheRecurrence(int T)
    {
        Inputs inputs = Inputs.Random(T);
        foreach ((string form, Run run) in Forms())
        {
            (float[] S, float[] y) = Execute(run, inputs, T);
            (double[,] expectedS, double[,] expectedY) = inputs.Recurrence(T);
            Close(expectedS, expectedY, S, y, T, 1e-6, form);
        }
    }

    /// <summary>
    /// Equal keys, a = 1 and a slow decay: the product form of a chunk's inverse is off by 4.7 here in 16 bits and by 3e10 in f32 at chunk 64.
    /// Equal steps round equally, so an error of half a unit a step adds up over the 1 / (1 − 0.9975) = 400 steps that the state remembers.
    /// </summary>
    [Fact]
    public void Run_OneKeyRepeated_StaysExact()
    {
        const int T = 4096;
        Inputs inputs = Inputs.OneTokenRepeated(T);
        foreach ((string form, Run run) in Forms())
        {
            (float[] S, float[] y) = Execute(run, inputs, T);
            (double[,] expectedS, double[,] expectedY) = inputs.Recurrence(T);
            Close(expectedS, expectedY, S, y, T, 5e-4, form);
        }
    }

    [Fact]
    public void Run_RowsInGroups_GivesTheSameBits()
    {
        const int T = 33;
        Inputs inputs = Inputs.Random(T);
        (float[] S, float[] y) = Execute(Wkv.Run<Lanes512>, inputs, T);
        (float[] groupedS, float[] groupedY) = Execute(
            (s, w, nk, b, k, v, r, o, t, ld, _, _) =>
            {
                for (int i = 0; i < N; i += Wkv.RowGroup)
                    Wkv.Run<Lanes512>(s, w, nk, b, k, v, r, o, t, ld, i, i + Wkv.RowGroup);
            },
            inputs, T);
        Assert.Equal(S, groupedS);
        Assert.Equal(y, groupedY);
    }

    private delegate void Run(float* S, float* w, float* negKappa, float* b, float* k, float* v, float* r, float* y, int T, int ld, int i0, int i1);

    private static (string, Run)[] Forms() =>
        [("512", Wkv.Run<Lanes512>), ("256", Wkv.Run<Lanes256>), ("128", Wkv.Run<Lanes128>), ("scalar", Wkv.Run<Lanes1>)];

    private static (float[] S, float[] Y) Execute(Run run, Inputs x, int T)
    {
        float[] state = [.. x.S], y = new float[T * Ld];
        fixed (float* s = state, w = x.W, nk = x.NegKappa, b = x.B, k = x.K, v = x.V, r = x.R, o = y)
        {
            run(s, w, nk, b, k, v, r, o, T, Ld, 0, N);
        }

        return (state, y);
    }

    private static void Close(double[,] expectedS, double[,] expectedY, float[] S, float[] y, int T, double tolerance, string form)
    {
        double errorS = 0, errorY = 0;
        for (int i = 0; i < N; i++)
        {
            for (int j = 0; j < N; j++)
                errorS = Math.Max(errorS, Math.Abs(expectedS[i, j] - S[(j * N) + i]));
            for (int t = 0; t < T; t++)
                errorY = Math.Max(errorY, Math.Abs(expectedY[t, i] - y[(t * Ld) + i]));
        }

        double error = Math.Max(errorS / expectedS.Cast<double>().Max(Math.Abs), errorY / expectedY.Cast<double>().Max(Math.Abs));
        Assert.True(error <= tolerance, $"{form}: error {error:g3} of the largest element");
    }

    private sealed class Inputs(int T)
    {
        private readonly Random _random = new(7);

        public float[] S { get; } = new float[N * N]; // transposed, as the kernel keeps it

        public float[] W { get; } = new float[T * Ld];

        public float[] NegKappa { get; } = new float[T * Ld];

        public float[] B { get; } = new float[T * Ld];

        public float[] K { get; } = new float[T * Ld];

        public float[] V { get; } = new float[T * Ld];

        public float[] R { get; } = new float[T * Ld];

        public static Inputs Random(int T)
        {
            Inputs x = new(T);
            for (int i = 0; i < x.S.Length; i++)
                x.S[i] = x.Next();
            for (int t = 0; t < T; t++)
                x.Fill(t, rate: () => (x.Next() / 2) + 0.5f, decay: () => 0.75f + (0.25f * Math.Abs(x.Next())));
            return x;
        }

        public static Inputs OneTokenRepeated(int T)
        {
            Inputs x = new(T);
            x.Fill(0, rate: () => 1, decay: () => 0.9975f);
            foreach (float[] rows in new[] { x.W, x.NegKappa, x.B, x.K, x.V, x.R })
            {
                for (int t = 1; t < T; t++)
                    rows.AsSpan(0, N).CopyTo(rows.AsSpan(t * Ld));
            }

            return x;
        }

        /// <summary>S ← S·diag(w) + (S·(−κ))·bᵀ + v·kᵀ; y = S·r, rows = value index, in double precision.</summary>
        public (double[,] S, double[,] Y) Recurrence(int T)
        {
            double[,] s = new double[N, N], y = new double[T, N];
            for (int i = 0; i < N; i++)
            {
                for (int j = 0; j < N; j++)
                    s[i, j] = S[(j * N) + i];
                for (int t = 0; t < T; t++)
                {
                    int at = t * Ld;
                    double sa = 0;
                    for (int j = 0; j < N; j++)
                        sa += s[i, j] * NegKappa[at + j];
                    for (int j = 0; j < N; j++)
                    {
                        s[i, j] = (s[i, j] * W[at + j]) + (sa * B[at + j]) + ((double)V[at + i] * K[at + j]);
                        y[t, i] += s[i, j] * R[at + j];
                    }
                }
            }

            return (s, y);
        }

        private void Fill(int t, Func<float> rate, Func<float> decay)
        {
            float norm = 0;
            for (int j = t * Ld; j < (t * Ld) + N; j++)
            {
                (W[j], K[j], V[j], R[j], NegKappa[j]) = (decay(), Next(), Next(), Next(), Next());
                norm += NegKappa[j] * NegKappa[j];
            }

            for (int j = t * Ld; j < (t * Ld) + N; j++)
            {
                NegKappa[j] /= -MathF.Sqrt(norm);
                B[j] = -NegKappa[j] * rate();
            }
        }

        private float Next() => (2 * _random.NextSingle()) - 1;
    }
}
