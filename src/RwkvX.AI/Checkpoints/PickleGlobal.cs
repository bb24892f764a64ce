namespace RwkvX.AI.Checkpoints;

/// <summary>A Python global that a state dict may name. Nothing is imported or called: each stands for a form that the reader knows.</summary>
/// <param name="Name">Module and name, with a space between.</param>
/// <param name="Kind">What it stands for.</param>
/// <param name="Type">The element type of a storage.</param>
internal sealed record PickleGlobal(string Name, PickleGlobalKind Kind, TensorType Type = default)
{
    private static readonly PickleGlobal[] Allowed =
    [
        new("collections OrderedDict", PickleGlobalKind.OrderedDict),
        new("torch._utils _rebuild_tensor_v2", PickleGlobalKind.RebuildTensor),
        new("torch._utils _rebuild_parameter", PickleGlobalKind.RebuildParameter),
        new("torch FloatStorage", PickleGlobalKind.Storage, TensorType.F32),
        new("torch HalfStorage", PickleGlobalKind.Storage, TensorType.F16),
        new("torch BFloat16Storage", PickleGlobalKind.Storage, TensorType.BF16),
        new("torch CharStorage", PickleGlobalKind.Storage, TensorType.I8),
        new("torch IntStorage", PickleGlobalKind.Storage, TensorType.I32),
        new("torch LongStorage", PickleGlobalKind.Storage, TensorType.I64),
    ];

    /// <summary>The global of that name; null where it is not allowed.</summary>
    public static PickleGlobal? Find(ReadOnlySpan<char> module, ReadOnlySpan<char> name)
    {
        foreach (PickleGlobal global in Allowed)
        {
            ReadOnlySpan<char> full = global.Name;
            if (full.Length == module.Length + 1 + name.Length && full.StartsWith(module) && full[module.Length] == ' ' && full.EndsWith(name))
                return global;
        }
        return null;
    }
}
