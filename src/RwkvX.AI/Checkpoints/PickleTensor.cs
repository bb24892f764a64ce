namespace RwkvX.AI.Checkpoints;

/// <summary>A tensor over a storage, its bounds not yet checked.</summary>
/// <param name="Storage">The storage, which other tensors may share.</param>
/// <param name="Offset">The first element, from 0 up.</param>
/// <param name="Shape">The sizes, each from 0 up.</param>
/// <param name="Strides">For each dimension, elements from one index to the next, from 0 up.</param>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, int[] Shape, long[] Strides)
{
    /// <summary>True where the elements lie row-major without gaps.</summary>
    public bool IsContiguous
    {
        get
        {
            long expected = 1;
            for (int i = Shape.Length - 1; i >= 0; i--)
            {
                if (Shape[i] != 1 && Strides[i] != expected)
                    return false;
                expected *= Shape[i]; // at most the element count, which was checked
            }
            return true;
        }
    }

    /// <summary>True where every element lies inside the storage.</summary>
    public bool FitsStorage
    {
        get
        {
            if (Shape.Contains(0))
                return Offset <= Storage.Count;
            Int128 last = Offset;
            for (int i = 0; i < Shape.Length; i++)
                last += (Int128)(Shape[i] - 1) * Strides[i];
            return last < Storage.Count;
        }
    }
}
