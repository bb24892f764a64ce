using RwkvX.AI.Torch.Eager;
using RwkvX.AI.Training.Cuda;
using RwkvX.AI.Training.Elementwise;
using RwkvX.AI.Training.Layers;
using Xunit;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Tests.Kernels;

/// <summary>The kernels of what lies between the products against plain operations: compiled for the host everywhere, and on the device where there is one.</summary>
public sealed class ElementwiseKernelTests : TorchTest
{
    private const long N = 64;

    /// <summary>B, T, C, type; 37 tokens are two runs and a rest.</summary>
    public static TheoryData<int, int, int, ScalarType> HostShapes => new()
    {
        { 2, 37, 256, ScalarType.BFloat16 },
        { 2, 19, 2560, ScalarType.Float32 }, // ten warps to a row
        { 1, 37, 128, ScalarType.Float32 }, // half a warp stands idle
    };

    public static TheoryData<int, int, int, ScalarType> DeviceShapes => new()
    {
        { 3, 1001, 256, ScalarType.Float32 },
        { 2, 4097, 256, ScalarType.BFloat16 },
        { 2, 301, 2560, ScalarType.Float32 },
        { 1, 999, 2560, ScalarType.BFloat16 },
        { 2, 77, 192, ScalarType.BFloat16 },
        { 1, 1, 4096, ScalarType.Float32 },
    };

    [Theory]
    [MemberData(nameof(HostShapes))]
    public void AllForms_OnHost_AreThePlainOnes(int batch, int length, int width, ScalarType type)
    {
        using HostKernelLauncher launcher = new();
        Shape shape = new(batch, length, width, type, CPU);
        CompareAll(launcher, shape);
        CompareAll(launcher, shape with { B = 1, T = 1 });
        using HostKernelLauncher reversed = new() { IsReversed = true };
        CompareAll(reversed, shape with { B = 1, T = 17 });
        Assert.Equal(0, launcher.Launches.Values.Sum() % 2); // as often backward as forward
    }

    [Theory]
    [MemberData(nameof(DeviceShapes))]
    public void AllForms_OnDevice_AreThePlainOnes(int batch, int length, int width, ScalarType type)
    {
        using CudaKernelLauncher launcher = KernelTests.Device();
        CompareAll(launcher, new Shape(batch, length, width, type, CUDA));
    }

    [Fact]
    public void AllForms_OnDevice_RepeatBitForBit()
    {
        using CudaKernelLauncher launcher = KernelTests.Device();
        Shape shape = new(2, 3001, 256, ScalarType.BFloat16, CUDA);
        foreach (Case form in Cases(shape))
        {
            Tensor[] first = form.Run(KernelElementwise.Forms(launcher, narrow: true), shape.Type), second = form.Run(KernelElementwise.Forms(launcher, narrow: true), shape.Type);
            for (int i = 0; i < first.Length; i++) Assert.True((first[i] == second[i]).all().item<bool>(), $"{form.Name}, tensor {i} differs between two runs");
        }
    }

    private static void CompareAll(IKernelLauncher launcher, Shape shape)
    {
        List<ElementwiseForms> all = [KernelElementwise.Forms(launcher)];
        if (shape.Type != ScalarType.Float32) all.Add(KernelElementwise.Forms(launcher, narrow: true));
        foreach (Case form in Cases(shape))
        {
            Tensor[] expected = form.Run(PlainElementwise.Forms, ScalarType.Float32);
            foreach (ElementwiseForms forms in all)
            {
                Tensor[] found = form.Run(forms, shape.Type);
                Assert.Equal(expected.Length, found.Length);
                for (int i = 0; i < found.Length; i++)
                    OperatorTests.Close(expected[i], found[i], shape.Type == ScalarType.BFloat16 ? 2e-2 : 1e-3, $"{form.Name}, tensor {i}");
            }
        }
    }

    private static IEnumerable<Case> Cases(Shape shape)
    {
        Draw draw = new(shape);
        Tensor[] norm = [draw.Stream(), draw.Parameter(shape.C), draw.Parameter(shape.C)];
        yield return new("norm", norm, (forms, x, type) => forms.ShiftMix(x[0], null, x[1], x[2], [], type).Mixed);
        Tensor[] mixes = [.. norm, .. Enumerable.Range(0, 6).Select(_ => draw.Parameter(1, 1, shape.C))];
        yield return new("six mixes", mixes, (forms, x, type) => forms.ShiftMix(x[0], null, x[1], x[2], x[3..], type).Mixed);
        yield return new("a sum and a mix", [.. mixes[..4], draw.Product()], (forms, x, type) =>
        {
            (Tensor sum, Tensor[] mixed) = forms.ShiftMix(x[0], x[4].to(type), x[1], x[2], [x[3]], type);
            return [sum, .. mixed];
        });

        Tensor[] operands =
        [
            .. Enumerable.Range(0, 5).Select(_ => draw.Product()), .. Enumerable.Range(0, 4).Select(_ => draw.Parameter(1, 1, shape.C)),
            draw.Parameter(shape.C / N, N), draw.Product(), draw.Product(), draw.Parameter(1, 1, shape.C),
        ];
        yield return new("operands of layer 0", operands[..10], (forms, x, type) => Operands(forms, x, type, null));
        yield return new("operands", operands, (forms, x, type) => Operands(forms, x, type, new ValueResidual(x[10].to(type), x[11].to(type), x[12])));

        Tensor[] result = [draw.Heads(N), draw.Heads(1), draw.Product(), draw.Product(), draw.Parameter(shape.C), draw.Parameter(shape.C)];
        yield return new("result", result, (forms, x, type) =>
        {
            Tensor v = x[2].to(ScalarType.Float32).view(x[0].shape);
            return [forms.WkvResult(x[0], new WkvOperands(v, v, v, v, v, v, x[1], v), x[4], x[5], x[3].to(type))];
        });
        yield return new("squared relu", [draw.Product()], (forms, x, type) => [forms.SquaredRelu(x[0].to(type))]);
    }

    private static Tensor[] Operands(ElementwiseForms forms, Tensor[] x, ScalarType type, ValueResidual? residual)
    {
        Tensor[] products = [.. x[..5].Select(product => product.to(type))];
        WkvOperands o = forms.WkvOperands(new(products[0], products[1], products[2], products[3], products[4], x[5], x[6], x[7], x[8], x[9], residual));
        return [o.R, o.LogW, o.K, o.V, o.A, o.B, o.Bonus, o.BonusV];
    }

    private sealed record Shape(long B, long T, long C, ScalarType Type, Device Device);

    /// <summary>A form with inputs; the plain one gets the same, widened.</summary>
    private sealed record Case(string Name, Tensor[] Inputs, Func<ElementwiseForms, Tensor[], ScalarType, Tensor[]> Forward)
    {
        /// <summary>Results, and gradients of all inputs.</summary>
        public Tensor[] Run(ElementwiseForms forms, ScalarType type)
        {
            Tensor[] y = Forward(forms, Inputs, type);
            Generator generator = new(11);
            Tensor[] dy = [.. y.Select(result => randn(result.shape, generator: generator).to(result.device).to(result.dtype))];
            return [.. y, .. autograd.grad([.. y], Inputs, dy)];
        }
    }

    private sealed class Draw(Shape shape)
    {
        private ulong _seed;

        /// <summary>(B, T, C) F32, off zero.</summary>
        public Tensor Stream() => Leaf(Normal(shape.B, shape.T, shape.C).PlusInPlace(1));

        /// <summary>(B, T, C) in the compute type.</summary>
        public Tensor Product() => Leaf(Normal(shape.B, shape.T, shape.C).to(shape.Type));

        public Tensor Heads(long last) => Leaf(Normal(shape.B, shape.T, shape.C / N, last));

        public Tensor Parameter(params long[] size) => Leaf(Normal(size).PlusInPlace(0.5));

        private Tensor Normal(params long[] size) => randn(size, generator: new Generator(++_seed));

        private Tensor Leaf(Tensor drawn) => drawn.to(shape.Device).detach().requires_grad_(true);
    }
}
