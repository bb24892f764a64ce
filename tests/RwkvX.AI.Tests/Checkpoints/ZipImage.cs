using System.IO.Compression;
using System.Text;

namespace RwkvX.AI.Tests.Checkpoints;

/// <summary>A zip archive as bytes, every field through a mutator.</summary>
internal static class ZipImage
{
    public static byte[] Make(IReadOnlyList<(string Name, byte[] Data)> files, bool deflate = false, bool zip64 = false, Mutator? mutator = null)
    {
        Mutator m = mutator ?? Mutator.None;
        using var archive = new MemoryStream();
        using var directory = new MemoryStream();
        var writer = new BinaryWriter(archive);
        var central = new BinaryWriter(directory);
        int count = 0;
        foreach ((string name, byte[] data) in files)
        {
            for (int copies = m.Chance() ? m.Below(3) : 1; copies > 0; copies--, count++)
                WriteFile(writer, central, name, data, deflate != m.Chance(), zip64 != m.Chance(), m);
        }
        WriteEnd(writer, directory.ToArray(), count, zip64 != m.Chance(), m);
        return archive.ToArray();
    }

    private static void WriteFile(BinaryWriter writer, BinaryWriter central, string name, byte[] data, bool deflate, bool zip64, Mutator m)
    {
        long header = writer.BaseStream.Position;
        byte[] packed = deflate ? Deflate(data) : data, text = Encoding.UTF8.GetBytes(m.Text(name));
        byte[] padding = new byte[m.Chance() ? m.Below(70) : 5];
        ushort flags = (ushort)(m.Chance() ? m.Below(65536) : 0x808), method = (ushort)m.Number(deflate ? 8 : 0);
        writer.Write((uint)m.Number(0x04034B50));
        writer.Write((ushort)0);
        writer.Write(flags);
        writer.Write(method);
        writer.Write(new byte[16]); // time, date, checksum, sizes: left to the directory, as PyTorch does
        writer.Write((ushort)m.Number(text.Length));
        writer.Write((ushort)m.Number(padding.Length));
        writer.Write(text);
        writer.Write(padding);
        writer.Write(packed);

        long size = m.Number(data.Length), packedSize = m.Number(packed.Length), offset = m.Number(header);
        byte[] extra = zip64 ? Extra64(size, packedSize, offset, m) : [];
        central.Write((uint)m.Number(0x02014B50));
        central.Write(0);
        central.Write(flags);
        central.Write(method);
        central.Write(0L); // time, date, checksum
        central.Write(zip64 ? uint.MaxValue : (uint)packedSize);
        central.Write(zip64 ? uint.MaxValue : (uint)size);
        central.Write((ushort)m.Number(text.Length));
        central.Write((ushort)m.Number(extra.Length));
        central.Write((ushort)m.Number(0));
        central.Write(new byte[8]); // disk, attributes
        central.Write(zip64 ? uint.MaxValue : (uint)offset);
        central.Write(text);
        central.Write(extra);
    }

    private static byte[] Extra64(long size, long packedSize, long offset, Mutator m)
        => [.. BitConverter.GetBytes((ushort)m.Number(1)), .. BitConverter.GetBytes((ushort)m.Number(24)), .. BitConverter.GetBytes(size), .. BitConverter.GetBytes(packedSize), .. BitConverter.GetBytes(offset)];

    private static void WriteEnd(BinaryWriter writer, byte[] directory, long count, bool zip64, Mutator m)
    {
        long start = writer.BaseStream.Position;
        writer.Write(directory);
        long end = writer.BaseStream.Position;
        (count, long size, long offset) = (m.Number(count), m.Number(directory.Length), m.Number(start));
        if (zip64)
        {
            writer.Write((uint)m.Number(0x06064B50));
            writer.Write(m.Number(44));
            writer.Write(new byte[12]); // versions, disks
            writer.Write(count);
            writer.Write(count);
            writer.Write(size);
            writer.Write(offset);
            writer.Write((uint)m.Number(0x07064B50));
            writer.Write(0);
            writer.Write(m.Number(end));
            writer.Write(1);
        }
        writer.Write((uint)m.Number(0x06054B50));
        writer.Write(0); // disks
        writer.Write(zip64 ? ushort.MaxValue : (ushort)count);
        writer.Write(zip64 ? ushort.MaxValue : (ushort)count);
        writer.Write(zip64 ? uint.MaxValue : (uint)size);
        writer.Write(zip64 ? uint.MaxValue : (uint)offset);
        writer.Write((ushort)m.Number(0));
    }

    private static byte[] Deflate(byte[] data)
    {
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            deflate.Write(data);
        return packed.ToArray();
    }
}
