namespace RwkvX.AI.Checkpoints;

/// <summary>What a Python global in a pickle stands for.</summary>
internal enum PickleGlobalKind
{
    /// <summary>A dictionary.</summary>
    OrderedDict,

    /// <summary>A tensor from (storage, offset, sizes, strides, requires_grad, hooks).</summary>
    RebuildTensor,

    /// <summary>A tensor from (tensor, requires_grad, hooks).</summary>
    RebuildParameter,

    /// <summary>The element type of a storage.</summary>
    Storage,
}
