using RwkvX.AI.Cpu.Kernels;
using Xunit;

namespace RwkvX.AI.Tests.Cpu.Kernels;

/// <summary>The kernels that work on one row, each against its plain form in double precision, at every vector width.</summary>
public sealed unsafe class RowKernelsTests
{
    private const int C = 192;

    private readonly Random _random = new(11);

    [Fact]
    public void LayerNorm_AnyRow_IsNormalised()
    {
        float[] x = Row(C, 3), weight = Row(C, 1), bias = Row(C, 1);
        double mean = x.Average(z => (double)z), variance = x.Average(z => (z - mean) * (z - mean));
        double[] expected = [.. x.Select((z, c) => ((z - mean) / Math.Sqrt(variance + 1e-5) * weight[c]) + bias[c])];
        Each(expected, 2e-6, (y, form) =>
        {
            fixed (float* px = x, pw = weight, pb = bias)
            {
                switch (form)
                {
                    case 512: LayerNorm.Run<Lanes512>(px, pw, pb, y, C, LayerNorm.Epsilon); break;
                    case 256: LayerNorm.Run<Lanes256>(px, pw, pb, y, C, LayerNorm.Epsilon); break;
                    case 128: LayerNorm.Run<Lanes128>(px, pw, pb, y, C, LayerNorm.Epsilon); break;
                    default: LayerNorm.Run<Lanes1>(px, pw, pb, y, C, LayerNorm.Epsilon); break;
                }
            }
        });
    }

    [Fact]
    public void TokenShift_AnyRow_IsTheMix()
    {
        float[] h = Row(C, 2), before = Row(C, 2), mu = Row(C, 1);
        double[] expected = [.. h.Select((z, c) => z + (((double)before[c] - z) * mu[c]))];
        Each(expected, 1e-6, (y, form) =>
        {
            fixed (float* ph = h, pb = before, pm = mu)
            {
                switch (form)
                {
                    case 512: TokenShift.Run<Lanes512>(ph, pb, pm, y, C); break;
                    case 256: TokenShift.Run<Lanes256>(ph, pb, pm, y, C); break;
                    case 128: TokenShift.Run<Lanes128>(ph, pb, pm, y, C); break;
                    default: TokenShift.Run<Lanes1>(ph, pb, pm, y, C); break;
                }
            }
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(64)]
    [InlineData(100)]
    public void Activations_AnyLength_AreTheirFunctions(int size)
    {
        float[] x = [.. Row(size - 1, 40), -90];
        Activation(x, z => 1 / (1 + Math.Exp(-z)), Activations.Sigmoid<Lanes512>, Activations.Sigmoid<Lanes256>, Activations.Sigmoid<Lanes128>, Activations.Sigmoid<Lanes1>);
        Activation(x, Math.Tanh, Activations.Tanh<Lanes512>, Activations.Tanh<Lanes256>, Activations.Tanh<Lanes128>, Activations.Tanh<Lanes1>);
        Activation(x, z => z > 0 ? z * z : 0, Activations.ReluSquared<Lanes512>, Activations.ReluSquared<Lanes256>, Activations.ReluSquared<Lanes128>, Activations.ReluSquared<Lanes1>);
    }

    [Fact]
    public void Exp_WholeRange_IsWithinTwoUnits()
    {
        float* y = stackalloc float[16];
        for (float x = -86.9f; x < 88; x += 0.0137f)
        {
            Lanes512.Exp(Lanes512.Splat(x)).Store(y);
            Assert.Equal(1, y[7] / Math.Exp(x), 2.4e-7);
            Lanes256.Exp(Lanes256.Splat(x)).Store(y);
            Assert.Equal(1, y[7] / Math.Exp(x), 2.4e-7);
            Lanes128.Exp(Lanes128.Splat(x)).Store(y);
            Assert.Equal(1, y[3] / Math.Exp(x), 2.4e-7);
        }
    }

    [Fact]
    public void Exp_OutsideTheRange_IsAlmostZeroHugeOrNaN()
    {
        float* y = stackalloc float[16];
        Lanes512.Exp(Lanes512.Splat(float.NegativeInfinity)).Store(y);
        Assert.InRange(y[0], 0, 1e-37f);
        Lanes512.Exp(Lanes512.Splat(float.PositiveInfinity)).Store(y);
        Assert.InRange(y[0], 1e38f, float.PositiveInfinity);
        Lanes512.Exp(Lanes512.Splat(float.NaN)).Store(y);
        Assert.True(float.IsNaN(y[0]));
    }

    private delegate void InPlace(float* x, int size);

    private static void Activation(float[] x, Func<double, double> function, params InPlace[] forms)
    {
        foreach (InPlace form in forms)
        {
            float[] y = [.. x];
            fixed (float* p = y)
            {
                form(p, y.Length);
            }

            Assert.All(x.Zip(y), pair => Assert.Equal(function(pair.First), pair.Second, 3e-7 * Math.Max(1, Math.Abs(function(pair.First)))));
        }
    }

    private delegate void Kernel(float* y, int form);

    private static void Each(double[] expected, double tolerance, Kernel kernel)
    {
        foreach (int form in new[] { 512, 256, 128, 1 })
        {
            float[] y = new float[expected.Length];
            fixed (float* p = y)
            {
                kernel(p, form);
            }

            Assert.All(expected.Zip(y), pair => Assert.Equal(pair.First, pair.Second, tolerance * Math.Max(1, Math.Abs(pair.First))));
        }
    }

    private float[] Row(int size, float scale) => [.. Enumerable.Range(0, size).Select(_ => scale * ((2 * _random.NextSingle()) - 1))];
}
