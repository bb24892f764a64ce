using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Distributed;

/// <summary>Gradients added up over all processes a few hundred at once: one sum of megabytes takes as long as some of kilobytes.</summary>
internal static class GradientSum
{
    private const long BucketElements = 1 << 25;

    /// <summary>Replaces the gradient of each parameter that has one by its sum.</summary>
    /// <param name="group">The processes; the same parameters have gradients in each.</param>
    /// <param name="parameters">F32, in the same order in every process.</param>
    /// <param name="bucketElements">So many are copied end to end at a time, unless one gradient has more.</param>
    /// <exception cref="ProcessGroupException">Another process has ended.</exception>
    public static void Over(IProcessGroup group, IEnumerable<Tensor> parameters, long bucketElements = BucketElements)
    {
        if (group.Size == 1) return;
        List<Tensor> bucket = [];
        long elements = 0;
        foreach (Tensor parameter in parameters)
        {
            using Tensor? gradient = parameter.grad;
            if (gradient is null) continue;
            if (elements > 0 && elements + parameter.numel() > bucketElements) Sum();
            bucket.Add(parameter);
            elements += parameter.numel();
        }

        if (elements > 0) Sum();

        void Sum()
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor flat = cat([.. bucket.Select(parameter => parameter.grad!.reshape(-1))]);
            group.Sum(flat);
            long at = 0;
            foreach (Tensor parameter in bucket)
            {
                parameter.grad = flat.narrow(0, at, parameter.numel()).view(parameter.shape);
                at += parameter.numel();
            }

            bucket.Clear();
            elements = 0;
        }
    }
}
