using System.Globalization;
using RwkvX.AI.Checkpoints;
using Xunit;

namespace RwkvX.AI.Tests.Checkpoints;

/// <summary>Opens many wrong files; each must open or be refused by a CheckpointException, within 4 × its bytes + 1 MiB of memory.</summary>
/// <remarks>RWKVX_FUZZ_SEED and RWKVX_FUZZ_CASES choose another run.</remarks>
internal static unsafe class FuzzRun
{
    private static readonly int Seed = Setting("RWKVX_FUZZ_SEED", 20261122);
    private static readonly int DefaultCases = Setting("RWKVX_FUZZ_CASES", 100_000);

    [ThreadStatic]
    private static float[]? _values;

    private static float[] Values => _values ??= new float[1 << 16];

    /// <summary>Runs the cases.</summary>
    /// <param name="make">Makes a file from a seeded generator.</param>
    /// <param name="open">Opens it and reads everything.</param>
    /// <param name="cases">How many; null for the bar's 100,000.</param>
    public static void Run(Func<Random, byte[]> make, Action<byte[]> open, int? cases = null) => Run(make, file => file.Length, open, cases);

    /// <summary>Runs cases of more than one file.</summary>
    public static void Run<T>(Func<Random, T> make, Func<T, long> length, Action<T> open, int? cases = null)
    {
        int opened = 0, refused = 0, count = cases ?? DefaultCases;
        long most = 0;
        _ = Values; // not on the file's account
        for (int i = 0; i < count; i++)
        {
            T file = make(new Random(unchecked(Seed * 1_000_003 + i)));
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                open(file);
                opened++;
            }
            catch (CheckpointException)
            {
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"RWKVX_FUZZ_SEED={Seed}, case {i}: expected a CheckpointException, found {e}");
            }
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= 4 * length(file) + (1 << 20), $"RWKVX_FUZZ_SEED={Seed}, case {i}: {allocated} bytes for {length(file)}");
            most = Math.Max(most, allocated);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"RWKVX_FUZZ_SEED={Seed}: {opened} opened, {refused} refused, at most {most} bytes");
        Assert.True(opened > count / 100 && refused > count / 4, $"RWKVX_FUZZ_SEED={Seed}: {opened} opened, {refused} refused: the files are all alike");
    }

    /// <summary>Opens a file in memory and reads every byte of every tensor.</summary>
    public static void OpenAndRead(byte[] file)
    {
        var memory = CheckpointMemory.Over(file, "fuzzed");
        using var checkpoint = Checkpoint.Open(memory);
        foreach (CheckpointTensor tensor in checkpoint.Tensors.Values)
        {
            // Views must lie in the file; anything else is a copy, which the budget has bounded.
            bool inside = tensor.Data >= memory.Start && tensor.Data + tensor.ByteLength <= memory.Start + memory.Length;
            bool overlaps = tensor.Data < memory.Start + memory.Length && tensor.Data + tensor.ByteLength > memory.Start;
            Assert.True(inside || !overlaps, $"{tensor.Name} reaches out of the file");
            Read(tensor);
        }
    }

    /// <summary>Widens all elements, block by block.</summary>
    public static void Read(CheckpointTensor tensor)
    {
        if (tensor.Type == TensorType.I8 && tensor.Scale is null)
        {
            tensor.WriteTo(Stream.Null);
            return;
        }
        for (long start = 0; start < tensor.ElementCount; start += Values.Length)
            tensor.CopyTo(start, Values.AsSpan(0, (int)Math.Min(Values.Length, tensor.ElementCount - start)));
    }

    private static int Setting(string name, int otherwise)
        => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
