using RwkvX.AI.Training.Distributed;
using Xunit;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Tests.Distributed;

public sealed class GradientSumTests : TorchTest
{
    /// <summary>In one bucket, in several, and where one gradient is more than a bucket.</summary>
    [Theory]
    [InlineData(1000)]
    [InlineData(20)]
    [InlineData(1)]
    public void Over_ThreeProcesses_AddsUpEachGradient(long bucketElements)
    {
        using ThreadGroup group = new(3);
        float[][] found = group.Run(member =>
        {
            Tensor[] parameters = [.. new long[][] { [3, 4], [5], [7], [2, 9], [1] }.Select(shape => zeros(shape).requires_grad_(true))];
            foreach (int i in new[] { 0, 1, 3, 4 }) // the third has none
                parameters[i].grad = arange(parameters[i].numel()).view(parameters[i].shape).to(ScalarType.Float32) * (i + 1) * MathF.Pow(10, member.Rank);
            GradientSum.Over(member, parameters, bucketElements);
            Assert.Null(parameters[2].grad);
            return parameters.Where(parameter => parameter.grad is not null).SelectMany(parameter => parameter.grad!.contiguous().view(-1).data<float>().ToArray()).ToArray();
        });
        float[] expected = [.. new (int Factor, int Count)[] { (1, 12), (2, 5), (4, 18), (5, 1) }.SelectMany(part => Enumerable.Range(0, part.Count).Select(n => 111f * n * part.Factor))];
        Assert.All(found, values => Assert.Equal(expected, values));
    }
}
