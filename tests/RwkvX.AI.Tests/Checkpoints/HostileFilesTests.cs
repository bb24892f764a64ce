using System.Text;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using Xunit;

namespace RwkvX.AI.Tests.Checkpoints;

/// <summary>Large files made to cost more than they hold: each is refused, or opens, within 4 × its bytes + 1 MiB.</summary>
public sealed class HostileFilesTests
{
    private const int Million = 1_000_000;

    public static TheoryData<string> Pickles => ["dictionaries", "tuples of nothing", "tuples in tuples", "marks", "one text recalled", "texts", "remembered", "integers", "one wide tuple, many times", "keys"];

    [Theory]
    [MemberData(nameof(Pickles))]
    public void Open_PickleOfAMillionOpcodes_StaysWithinItsMemory(string kind)
    {
        byte[] text = [(byte)'X', 1, 0, 0, 0, (byte)'a', (byte)'q', 0];
        byte[] body = kind switch
        {
            "dictionaries" => Repeat("}"u8),
            "tuples of nothing" => Repeat(")"u8),
            "tuples in tuples" => [(byte)')', .. Repeat([0x85])],
            "marks" => Repeat("("u8),
            "one text recalled" => [.. text, .. Repeat("h\0"u8)],
            "texts" => Repeat([(byte)'X', 1, 0, 0, 0, (byte)'a']),
            "remembered" => [(byte)')', .. Enumerable.Range(0, Million).SelectMany(i => (byte[])[(byte)'r', .. BitConverter.GetBytes(i)])],
            "integers" => Repeat([(byte)'J', 255, 255, 255, 127]),
            "one wide tuple, many times" => [.. Repeat(")"u8, 1000), .. Repeat([0x94, 0x87])],
            _ => [(byte)'}', (byte)'(', .. Enumerable.Range(0, Million / 10).SelectMany(i => (byte[])[(byte)'X', 6, 0, 0, 0, .. Encoding.ASCII.GetBytes($"{i:D6}"), (byte)'N']), (byte)'u'],
        };
        AssertBounded(PthImage.Make([0x80, 2, .. body, (byte)'.']));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(10_000_000)]
    [InlineData(100_000_000)]
    public void Open_DeflatedZeros_StayWithinTheirMemory(int size)
    {
        byte[] pickle = new PickleImage(Mutator.None).Op(0x80).Op((byte)2).Op('}').Op('(')
            .Text("t").Tensor("CharStorage", "0", size, 0, [size], [1]).Op('u').Op('.').ToArray();
        byte[] bomb = ZipImage.Make([("model/data.pkl", pickle), ("model/data/0", new byte[size])], deflate: true);
        Assert.Equal(size == 100, AssertBounded(bomb));
    }

    [Theory]
    [InlineData(99)]
    [InlineData(101)]
    public void Open_DeflatedToAnotherSize_IsRefused(int claimed)
    {
        byte[] zip = ZipImage.Make([("model/data.pkl", new byte[100])], deflate: true);
        int size = zip.AsSpan().LastIndexOf(BitConverter.GetBytes(100)); // in the directory
        BitConverter.GetBytes(claimed).CopyTo(zip, size);
        Assert.Contains("model/data.pkl: expected", Assert.Throws<CheckpointException>(() => Checkpoint.Open(CheckpointMemory.Over(zip, "memory"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OneStorageExpandedToMany_StaysWithinItsMemory()
    {
        var pickle = new PickleImage(Mutator.None);
        pickle.Op(0x80).Op((byte)2).Op('}').Op('(');
        for (int i = 0; i < 1000; i++)
            pickle.Text($"t{i}").Tensor("FloatStorage", "0", 12, 0, [1000, 12], [0, 1]); // 48 KB of copies each
        Assert.False(AssertBounded(PthImage.Make(pickle.Op('u').Op('.').ToArray())));
    }

    [Fact]
    public void Open_OverlappingZipEntries_AreRefused()
    {
        byte[] zip = ZipImage.Make([("model/data.pkl", new byte[10]), ("model/data/0", new byte[10])]);
        int second = zip.AsSpan().LastIndexOf("model/data/0"u8) - 4; // the offset of its local header
        BitConverter.GetBytes(0).CopyTo(zip, second);
        Assert.False(AssertBounded(zip));
    }

    [Fact]
    public void Open_ZipOfManyNames_StaysWithinItsMemory()
        => AssertBounded(ZipImage.Make([.. Enumerable.Range(0, 60_000).Select(i => ($"{i:x}", Array.Empty<byte>()))]));

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    public void Open_HeaderOfManyTensors_StaysWithinItsMemory(int digits)
    {
        int count = (int)Math.Min(Math.Pow(10, digits), 100_000);
        string header = "{" + string.Join(",", Enumerable.Range(0, count).Select(i => $$"""
            "{{i}}":{"dtype":"I8","shape":[0],"data_offsets":[0,0]}
            """)) + "}";
        Assert.Equal(digits == 1, AssertBounded(Safetensors(header)));
    }

    [Fact]
    public void Open_HeaderOfLongNames_StaysWithinItsMemory()
        => AssertBounded(Safetensors($$$"""{"__metadata__":{"{{{new string('k', 4 * Million)}}}":"v"},"{{{new string('n', 4 * Million)}}}":{"dtype":"F32","shape":[1],"data_offsets":[0,0]}}"""));

    [Fact]
    public void Parse_ManifestOfNonsense_StaysWithinItsMemory()
    {
        foreach (string json in (string[])[
            "{\"a\":" + new string('[', Million), "{" + string.Join(",", Enumerable.Range(0, 100_000).Select(i => $"\"{i}\":1")) + "}",
            $"{{\"name\":\"{new string('n', Million)}\"}}", "[" + string.Join(",", Enumerable.Repeat("{}", 300_000)) + "]", $"{{\"n_embd\":{new string('9', Million)}}}"])
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(json);
            AssertBounded(utf8.Length, () => ModelManifest.Parse("config.json", utf8));
        }
    }

    [Fact]
    public void Read_LayerNumberOfTwoBillion_IsAMissingTensor()
    {
        List<TensorSpec> model = [.. ModelImage.Tensors(), new("rwkv.blocks.2147483646.ln1.weight", TensorType.BF16, ModelImage.C)];
        byte[] file = SafetensorsImage.Make(model);
        Assert.False(AssertBounded(file.Length, () => ModelTensors.Read(Checkpoint.Open(CheckpointMemory.Over(file, "memory")))));
    }

    private static bool AssertBounded(byte[] file) => AssertBounded(file.Length, () => Checkpoint.Open(CheckpointMemory.Over(file, "memory")).Dispose());

    /// <summary>True where it opened, false where it was refused.</summary>
    private static bool AssertBounded(long length, Action open)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool opened = Record.Exception(open) switch
        {
            null => true,
            CheckpointException => false,
            Exception e => throw new InvalidOperationException("expected a CheckpointException", e),
        };
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated <= 4 * length + (1 << 20), $"{allocated} bytes for {length}");
        return opened;
    }

    private static byte[] Safetensors(string header) => [.. BitConverter.GetBytes((long)header.Length), .. Encoding.UTF8.GetBytes(header)];

    private static byte[] Repeat(ReadOnlySpan<byte> piece, int count = Million)
    {
        byte[] all = new byte[piece.Length * count];
        for (int i = 0; i < count; i++)
            piece.CopyTo(all.AsSpan(i * piece.Length));
        return all;
    }
}
