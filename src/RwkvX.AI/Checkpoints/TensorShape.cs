using System.Globalization;

namespace RwkvX.AI.Checkpoints;

/// <summary>Arithmetic on the sizes of tensors, and how they are printed.</summary>
internal static class TensorShape
{
    /// <summary>More dimensions than any tensor of a model has.</summary>
    public const int MaxRank = 8;

    /// <summary>Number of elements; false where it does not fit 63 bits less the three of the widest element.</summary>
    public static bool TryCount(ReadOnlySpan<int> shape, out long count)
    {
        count = 1;
        bool fits = true;
        foreach (int size in shape)
        {
            if (size == 0)
            {
                count = 0; // an empty tensor, whatever the other sizes
                return true;
            }
            fits &= count <= (long.MaxValue >> 3) / size;
            count = fits ? count * size : count;
        }
        return fits;
    }

    /// <summary><c>(768, 64)</c>; a size of -1 stands for any.</summary>
    public static string Format(IReadOnlyList<int> shape)
        => $"({string.Join(", ", shape.Select(size => size < 0 ? "any" : size.ToString(CultureInfo.InvariantCulture)))})";

    /// <summary>A name as it may stand in a message: control characters replaced, at most 100 characters.</summary>
    public static string Printable(ReadOnlySpan<char> name)
    {
        bool cut = name.Length > 100;
        Span<char> text = stackalloc char[101];
        name = cut ? name[..100] : name;
        for (int i = 0; i < name.Length; i++)
            text[i] = char.IsControl(name[i]) || char.IsSurrogate(name[i]) ? '?' : name[i];
        if (cut)
            text[100] = '…';
        return new string(text[..(name.Length + (cut ? 1 : 0))]);
    }
}
