using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>How <see cref="CpuModel"/> keeps a model's weights and runs it.</summary>
public sealed class CpuModelOptions
{
    /// <summary>The form of the large matrices. F32 (default): as stored in the checkpoint. Arithmetic is single precision in every case.</summary>
    public Precision Precision { get; set; } = Precision.F32;

    /// <summary>Threads to calculate with; 0 (default) for all cores. Results do not depend on it.</summary>
    public int Threads { get; set; }

    /// <summary>
    /// Bytes of memory for pages of keys, values and chunk means, over all states; null (default) for no bound. What does not fit lies in a page
    /// file on disk, least recently used pages first, and is read from there when it is chosen. Results do not depend on it.
    /// </summary>
    public long? PageMemoryBytes { get; set; }

    /// <summary>The folder of the page file, which belongs to this engine alone and goes with it; null for the folder of temporary files.</summary>
    public string? PageFolder { get; set; }

    /// <summary>Tokens that pass through the layers together at most. Results do not depend on it.</summary>
    internal int BlockRows { get; set; } = 256;

    /// <summary>The width of vectors in bits: 512, 256, 128 or 32 (none); 0 for the widest that the machine has.</summary>
    internal int VectorBits { get; set; }
}
