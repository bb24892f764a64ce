using System.Buffers.Binary;
using System.Numerics;

namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>CRC-32C (Castagnoli), by the processor's instruction where there is one. Finds torn and flipped bytes, not forgery.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of <paramref name="data"/> after what <paramref name="seed"/> is the checksum of.</summary>
    public static uint Compute(ReadOnlySpan<byte> data, uint seed = 0)
    {
        uint crc = ~seed;
        while (data.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[8..];
        }

        foreach (byte value in data) crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }
}
