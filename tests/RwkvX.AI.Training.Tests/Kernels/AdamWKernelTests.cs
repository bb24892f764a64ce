using RwkvX.AI.Training.Cuda;
using RwkvX.AI.Training.Optimization;
using RwkvX.AI.Training.Plans;
using Xunit;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Tests.Kernels;

/// <summary>AdamW by its kernel against the operations of libtorch.</summary>
public sealed class AdamWKernelTests : TorchTest
{
    private static readonly (string Name, long[] Shape)[] Shapes = [("a.weight", [70, 130]), ("b", [1]), ("c.weight", [3, 5]), ("unused", [17]), ("d", [4097])];

    [Fact]
    public void Steps_OnHost_AreThePlainOnes()
    {
        using HostKernelLauncher launcher = new();
        Compare(launcher, CPU);
        Assert.Equal(6, launcher.Launches["adamw"]); // three steps of what decays and of what does not
    }

    [Fact]
    public void Steps_OnDevice_AreThePlainOnes()
    {
        using CudaKernelLauncher launcher = KernelTests.Device();
        Compare(launcher, CUDA);
    }

    [Fact]
    public void GradientNorm_NaN_IsNaN()
    {
        using HostKernelLauncher launcher = new();
        KeyValuePair<string, Tensor>[] parameters = Draw(new Generator(3), CPU);
        using Optimizer optimizer = new(parameters, new OptimizerPlan(), launcher);
        parameters[4].Value.grad = full_like(parameters[4].Value, float.NaN);
        Assert.True(double.IsNaN(optimizer.GradientNorm()));
    }

    private static void Compare(IKernelLauncher launcher, Device device)
    {
        OptimizerPlan plan = new() { WeightDecay = 0.1 };
        KeyValuePair<string, Tensor>[] expected = Draw(new Generator(3), device), found = Draw(new Generator(3), device);
        using Optimizer plain = new(expected, plan), kernel = new(found, plan, launcher);
        for (int step = 0; step < 3; step++)
        {
            Generator generator = new((ulong)step);
            for (int i = 0; i < expected.Length; i++)
            {
                if (expected[i].Key == "unused") continue;
                Tensor gradient = randn(expected[i].Value.shape, generator: generator).to(device);
                (expected[i].Value.grad, found[i].Value.grad) = (gradient, gradient.clone());
            }

            double norm = plain.GradientNorm();
            Assert.Equal(norm, kernel.GradientNorm(), norm * 1e-6);
            plain.Step(0.01, norm);
            kernel.Step(0.01, norm);
        }

        for (int i = 0; i < expected.Length; i++)
        {
            Close(expected[i].Value, found[i].Value, expected[i].Key);
            (Tensor m, Tensor v) = MomentsOf(plain, expected[i].Key);
            (Tensor kernelM, Tensor kernelV) = MomentsOf(kernel, expected[i].Key);
            Close(m, kernelM, $"first moment of {expected[i].Key}");
            Close(v, kernelV, $"second moment of {expected[i].Key}");
        }
    }

    private static (Tensor M, Tensor V) MomentsOf(Optimizer optimizer, string name)
    {
        Dictionary<string, Tensor> moments = optimizer.Moments.ToDictionary(moment => moment.Name, moment => moment.Values);
        return (moments[name + ".m"], moments[name + ".v"]);
    }

    private static void Close(Tensor expected, Tensor found, string what)
    {
        float error = (expected - found).abs().max().item<float>(), scale = Math.Max(expected.abs().max().item<float>(), 1e-6f);
        Assert.True(error <= 1e-6 * scale, $"{what}: {error:g3} off, of {scale:g3}");
    }

    private static KeyValuePair<string, Tensor>[] Draw(Generator generator, Device device) =>
        [.. Shapes.Select(shape => KeyValuePair.Create(shape.Name, randn(shape.Shape, generator: generator).to(device).requires_grad_(true)))];
}
