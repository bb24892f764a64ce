using System.Buffers.Binary;
using System.Text;
using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Training.Runs;

/// <summary>An event file that TensorBoard reads: records of length, masked CRC-32C, a protobuf <c>Event</c>, masked CRC-32C.</summary>
internal sealed class TensorBoardFile : IDisposable
{
    private readonly FileStream _file;

    /// <param name="directory">Where the file goes, under a name of its own.</param>
    public TensorBoardFile(string directory)
    {
        long seconds = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        _file = new FileStream(Path.Combine(directory, $"events.out.tfevents.{seconds}.{Environment.ProcessId}"), FileMode.Append);
        // Event.file_version = 3
        Write([.. Double(1, Now()), .. Bytes(3, "brain.Event:2"u8)]);
    }

    /// <summary>Adds a value.</summary>
    public void Add(long step, string name, double value)
    {
        // Summary.Value: tag = 1, simple_value = 2; Summary.value = 1; Event: wall_time = 1, step = 2, summary = 5
        byte[] item = [.. Bytes(1, Encoding.UTF8.GetBytes(name)), (2 << 3) | 5, .. BitConverter.GetBytes((float)value)];
        Write([.. Double(1, Now()), 2 << 3, .. Varint((ulong)step), .. Bytes(5, Bytes(1, item))]);
    }

    public void Dispose() => _file.Dispose();

    private void Write(byte[] data)
    {
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, data.Length);
        _file.Write(length);
        _file.Write(MaskedCrc(length));
        _file.Write(data);
        _file.Write(MaskedCrc(data));
        _file.Flush();
    }

    private static byte[] MaskedCrc(ReadOnlySpan<byte> data)
    {
        uint crc = Crc32C.Compute(data);
        return BitConverter.GetBytes(((crc >> 15) | (crc << 17)) + 0xa282ead8u);
    }

    private static double Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;

    private static byte[] Double(int field, double value) => [(byte)((field << 3) | 1), .. BitConverter.GetBytes(value)];

    private static byte[] Bytes(int field, ReadOnlySpan<byte> value) => [(byte)((field << 3) | 2), .. Varint((ulong)value.Length), .. value];

    private static byte[] Varint(ulong value)
    {
        List<byte> bytes = [];
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }
}
