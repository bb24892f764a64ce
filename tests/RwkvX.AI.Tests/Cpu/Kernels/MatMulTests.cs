using System.Runtime.InteropServices;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Cpu.Kernels;
using Xunit;

namespace RwkvX.AI.Tests.Cpu.Kernels;

public sealed unsafe class MatMulTests
{
    private static readonly TensorType[] Types = [TensorType.F32, TensorType.BF16, TensorType.F16, TensorType.I8];

    /// <summary>(T, K, O): full tiles, odd tails, K below one step, K in several blocks, LoRA ranks, more rows and outputs than a block.</summary>
    public static TheoryData<int, int, int> Shapes => new()
    {
        { 1, 1, 1 }, { 1, 16, 4 }, { 1, 768, 96 }, { 1, 100, 33 }, { 1, 3072, 11 }, { 2, 7, 5 }, { 3, 64, 6 }, { 4, 16, 6 }, { 5, 17, 7 },
        { 9, 33, 25 }, { 32, 768, 64 }, { 33, 96, 50 }, { 7, 1024, 13 }, { 6, 1025, 26 }, { 5, 1040, 24 }, { 131, 48, 29 }, { 260, 31, 7 },
        { 10, 3072, 31 }, { 3, 2049, 49 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Run_AnyShapeTypeAndInstructionSet_IsTheProduct(int rows, int k, int outputs)
    {
        foreach (TensorType type in Types)
        {
            using WeightMatrix w = Random(outputs, k, type, seed: rows + k);
            int ldx = k + 3, ldy = outputs + 5;
            float[] x = Values(rows * ldx, seed: 5, pad: (k, ldx));
            double[] expected = Reference(x, rows, ldx, w);
            foreach (float[] y in EveryForm(x, rows, ldx, w, ldy))
            {
                for (int t = 0; t < rows; t++)
                {
                    for (int o = 0; o < ldy; o++)
                    {
                        if (o < outputs)
                        {
                            Assert.Equal(expected[(t * outputs) + o], y[(t * ldy) + o], 2e-5 * Math.Sqrt(k) * (type == TensorType.I8 ? 2 : 1));
                        }
                        else
                        {
                            Assert.Equal(-77f, y[(t * ldy) + o]); // nothing past the outputs is written
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public void Run_AnyRowsSplitAndThreads_IsBitForBitTheSame()
    {
        Random random = new(1);
        using WorkerPool one = new(1), two = new(2), three = new(3), four = new(4);
        WorkerPool[] pools = [one, two, three, four];
        for (int round = 0; round < 60; round++)
        {
            TensorType type = Types[round % 4];
            int k = random.Next(4) == 0 ? random.Next(1, 4000) : random.Next(1, 600);
            int outputs = random.Next(1, 120), rows = random.Next(1, 150);
            using WeightMatrix w = Random(outputs, k, type, round);
            float[] x = Values(rows * k, round);
            float[] whole = Run(pools[0], x, rows, k, w);
            foreach (WorkerPool pool in pools)
            {
                float[] split = [];
                for (int t = 0; t < rows;)
                {
                    int part = random.Next(3) == 0 ? 1 : random.Next(1, rows - t + 1);
                    split = [.. split, .. Run(pool, x[(t * k)..((t + part) * k)], part, k, w)];
                    t += part;
                }

                AssertSameBits(whole, split, $"{type} K {k} O {outputs} T {rows} threads {pool.Count}");
            }
        }
    }

    [Fact]
    public void Run_FusedInstructionSets_AgreeBitForBit()
    {
        Assert.SkipUnless(MatMulVector256.IsSupported, "needs AVX2 and FMA");
        foreach ((int rows, int k, int outputs) in new[] { (1, 771, 41), (9, 771, 41), (5, 1500, 13) })
        {
            foreach (TensorType type in Types)
            {
                using WeightMatrix w = Random(outputs, k, type, k);
                float[] x = Values(rows * k, 3);
                float[] expected = RunForm<MatMulVector128>(x, rows, k, w, outputs);
                AssertSameBits(expected, RunForm<MatMulVector256>(x, rows, k, w, outputs), "256");
                if (MatMulVector512.IsSupported)
                {
                    AssertSameBits(expected, RunForm<MatMulVector512>(x, rows, k, w, outputs), "512");
                }
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Run_Group_EqualsSingleProducts(int threads)
    {
        using WorkerPool pool = new(threads);
        foreach (int rows in (int[])[1, 6])
        {
            using WeightMatrix a = Random(96, 64, TensorType.BF16, 1), b = Random(5, 200, TensorType.I8, 2), c = Random(33, 64, TensorType.F32, 3);
            float[] x = Values(rows * 200, 4);
            float[] ya = new float[rows * 96], yb = new float[rows * 5], yc = new float[rows * 33];
            fixed (float* px = x, pa = ya, pb = yb, pc = yc)
            {
                MatMulProduct[] products = [new(px, 64, a, pa, 96), new(px, 200, b, pb, 5), new(px, 64, c, pc, 33)];
                pool.Run(worker => MatMul.Run(worker, rows, products));
            }

            AssertSameBits(Run(pool, x, rows, 64, a), ya, "a");
            AssertSameBits(Run(pool, x, rows, 200, b), yb, "b");
            AssertSameBits(Run(pool, x, rows, 64, c), yc, "c");
        }
    }

    [Fact]
    public void Run_UnalignedWeights_EqualsAligned()
    {
        using WorkerPool pool = new(1);
        using WeightMatrix aligned = Random(13, 77, TensorType.BF16, 9);
        byte* memory = (byte*)NativeMemory.Alloc((nuint)aligned.ByteLength + 1);
        NativeMemory.Copy(aligned.Data, memory + 1, (nuint)aligned.ByteLength);
        CheckpointTensor tensor = new("w", TensorType.BF16, [13, 77], memory + 1, aligned.ByteLength);
        using WeightMatrix unaligned = WeightMatrix.From(tensor, null, RwkvX.AI.Models.Precision.F32);
        foreach (int rows in (int[])[1, 5])
        {
            float[] x = Values(rows * 77, 2);
            AssertSameBits(Run(pool, x, rows, 77, aligned), Run(pool, x, rows, 77, unaligned), "unaligned");
        }

        NativeMemory.Free(memory);
    }

    [Fact]
    public void F16Weights_EveryValue_ConvertsExactly()
    {
        Half[] all = new Half[65536];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = BitConverter.UInt16BitsToHalf((ushort)i);
        }

        float[] panel = new float[65536 / 16 * MatMulTile.PanelStep];
        fixed (Half* source = all)
        fixed (float* target = panel)
        {
            float* at = (float*)(((nint)target + 63) & ~63);
            int steps = (65536 / 16) - 1;
            if (MatMulVector128.IsSupported)
            {
                MatMulVector128.Widen<MatMulF16Weights>((byte*)source, steps, at);
                AssertHalves(all, at, steps);
            }

            if (MatMulVector256.IsSupported)
            {
                MatMulVector256.Widen<MatMulF16Weights>((byte*)source, steps, at);
                AssertHalves(all, at, steps);
            }

            if (MatMulVector512.IsSupported)
            {
                MatMulVector512.Widen<MatMulF16Weights>((byte*)source, steps, at);
                AssertHalves(all, at, steps);
            }

            MatMulScalar.Widen<MatMulF16Weights>((byte*)source, steps, at);
            AssertHalves(all, at, steps);
        }
    }

    private static void AssertHalves(Half[] all, float* panel, int steps)
    {
        for (int i = 0; i < steps * 16; i++)
        {
            float value = panel[(i / 16 * MatMulTile.PanelStep) + (i % 16)];
            float expected = (float)all[i];
            if (!(float.IsNaN(expected) && float.IsNaN(value)))
            {
                Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(value));
            }
        }
    }

    private static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.True(MemoryMarshal.AsBytes(expected).SequenceEqual(MemoryMarshal.AsBytes(actual)), what);
    }

    private static float[] Run(WorkerPool pool, float[] x, int rows, int ldx, WeightMatrix w)
    {
        float[] y = new float[rows * w.Rows];
        fixed (float* px = x, py = y)
        {
            float* from = px, to = py;
            pool.Run(worker => MatMul.Run(worker, from, rows, ldx, w, to, w.Rows));
        }

        return y;
    }

    private static List<float[]> EveryForm(float[] x, int rows, int ldx, WeightMatrix w, int ldy)
    {
        List<float[]> results = [RunForm<MatMulScalar>(x, rows, ldx, w, ldy)];
        if (MatMulVector128.IsSupported)
        {
            results.Add(RunForm<MatMulVector128>(x, rows, ldx, w, ldy));
        }

        if (MatMulVector256.IsSupported)
        {
            results.Add(RunForm<MatMulVector256>(x, rows, ldx, w, ldy));
        }

        if (MatMulVector512.IsSupported)
        {
            results.Add(RunForm<MatMulVector512>(x, rows, ldx, w, ldy));
        }

        return results;
    }

    private static float[] RunForm<TKernel>(float[] x, int rows, int ldx, WeightMatrix w, int ldy)
        where TKernel : struct, IMatMulKernel
    {
        float[] y = new float[rows * ldy];
        Array.Fill(y, -77f);
        using WorkerPool pool = new(1);
        fixed (float* px = x, py = y)
        {
            float* from = px, to = py;
            pool.Run(worker => MatMul.Run<TKernel>(worker, new MatMulProduct(from, ldx, w, to, ldy), rows, 0, w.Rows));
        }

        return y;
    }

    /// <summary>Uniform values; where rows are padded, the padding is NaN, which must not leak in.</summary>
    private static float[] Values(int count, int seed, (int Used, int Stride)? pad = null)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = pad is { } p && i % p.Stride >= p.Used ? float.NaN : (random.NextSingle() * 2) - 1;
        }

        return values;
    }

    private static WeightMatrix Random(int rows, int columns, TensorType type, int seed)
    {
        WeightMatrix w = WeightMatrix.Allocate(rows, columns, type);
        float[] values = Values(rows * columns, seed);
        for (int i = 0; i < values.Length; i++)
        {
            switch (type)
            {
                case TensorType.F32:
                    ((float*)w.Data)[i] = values[i];
                    break;
                case TensorType.BF16:
                    ((ushort*)w.Data)[i] = (ushort)(BitConverter.SingleToUInt32Bits(values[i]) >> 16);
                    break;
                case TensorType.F16:
                    ((Half*)w.Data)[i] = (Half)values[i];
                    break;
                default:
                    ((sbyte*)w.Data)[i] = (sbyte)(values[i] * 127);
                    w.Scales[i / columns] = (1 + (i / columns % 3)) / 127f;
                    break;
            }
        }

        return w;
    }

    private static double[] Reference(float[] x, int rows, int ldx, WeightMatrix w)
    {
        double[] y = new double[rows * w.Rows];
        for (int t = 0; t < rows; t++)
        {
            for (int o = 0; o < w.Rows; o++)
            {
                double sum = 0;
                for (int k = 0; k < w.Columns; k++)
                {
                    sum += x[(t * ldx) + k] * (double)Element(w, ((long)o * w.Columns) + k);
                }

                y[(t * w.Rows) + o] = w.Scales == null ? sum : sum * w.Scales[o];
            }
        }

        return y;
    }

    private static float Element(WeightMatrix w, long i) => w.Type switch
    {
        TensorType.F32 => ((float*)w.Data)[i],
        TensorType.BF16 => BitConverter.Int32BitsToSingle(((ushort*)w.Data)[i] << 16),
        TensorType.F16 => (float)((Half*)w.Data)[i],
        _ => ((sbyte*)w.Data)[i],
    };
}
