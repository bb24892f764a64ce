using static TorchSharp.torch;

namespace RwkvX.AI.Training.Elementwise;

/// <summary>The life of tensors around a backward pass of an autograd function: libtorch holds its own, and TorchSharp leaves ours to the garbage collector.</summary>
internal static class GradientHandover
{
    [ThreadStatic]
    private static List<Tensor?>? _given;

    /// <summary>Gives gradients to libtorch: what the same thread gave before it has taken over by now, so that ours of those can go.</summary>
    /// <param name="gradients">In the current scope; null for what is no tensor.</param>
    public static List<Tensor> Give(IEnumerable<Tensor?> gradients)
    {
        if (_given is not null)
            foreach (Tensor? old in _given) old?.Dispose();
        _given = [.. gradients.Select(gradient => gradient?.DetachFromDisposeScope())];
        return _given!;
    }

    /// <summary>The gradients that came, contiguous and in the current scope.</summary>
    public static Tensor[] Take(IEnumerable<Tensor> gradients) => [.. gradients.Select(gradient =>
    {
        using (gradient) return gradient.contiguous();
    })];
}
