using RwkvX.AI.Models;

namespace RwkvX.AI.Torch;

/// <summary>How <see cref="CudaModel"/> runs a model.</summary>
public sealed class CudaModelOptions
{
    /// <summary>Which CUDA device, 0 for the first.</summary>
    public int Device { get; set; }

    /// <summary>
    /// F32, BF16 or F16: the type of weights, keys, values and matrix inputs. Int8 or Fp8 (E4M3): the type of the large matrices, with one f32 scale a row;
    /// small weights, keys, values and matrix inputs are BF16 then. Accumulation and residual stream are always single precision.
    /// </summary>
    public Precision Precision { get; set; } = Precision.BF16;

    /// <summary>
    /// F32 or F16: what the matrices of a recurrent state are kept in between passes; they are calculated with in single precision, and exported as such. F16 halves
    /// the memory of a conversation without its pages, and the bytes of states in a step, for which large batches wait; each pass rounds to 11 bits, beyond ±65,504 to that.
    /// </summary>
    public Precision StatePrecision { get; set; } = Precision.F32;

    /// <summary>The <c>torch/lib</c> folder of an existing install, where NVRTC and cuBLAS are found; or the environment variable RWKVX_LIBTORCH.</summary>
    public string? LibTorchPath { get; set; }

    /// <summary>Where compiled kernels are kept; null for the user's cache folder, empty for none.</summary>
    public string? KernelCacheFolder { get; set; }

    /// <summary>The most device memory that pages of keys and values may take, in bytes; null: what the device has.</summary>
    public long? PageBudgetBytes { get; set; }

    /// <summary>Replay decoding steps as captured CUDA graphs. False launches every kernel anew: slower, the same result.</summary>
    public bool CaptureDecoding { get; set; } = true;

    /// <summary>
    /// Count on the device how often heads choose each chunk: statistics, and what <see cref="Memory.RetentionPolicy.KeepBudget"/> keeps. Without it a
    /// budget drops the oldest chunks first.
    /// </summary>
    public bool CountLooks { get; set; }

    /// <summary>In prefill of one sequence, gather the rows that chose a chunk; false visits every chunk that a tile of rows needs, as prefill of several does.</summary>
    internal bool GatherRows { get; set; } = true;

    /// <summary>In prefill, divide the recurrence over tokens; false never, true for all rows but single ones, null where heads and sequences alone do not fill the device.</summary>
    internal bool? DivideRecurrence { get; set; }

    /// <summary>The type of everything else where <see cref="Precision"/> is Int8 or Fp8; F32 shows what the 8 bits alone do.</summary>
    internal Precision BesideLarge { get; set; } = Precision.BF16;

    /// <summary>Further -D options of every kernel, to measure variants.</summary>
    internal IReadOnlyList<string> KernelDefines { get; set; } = [];
}
