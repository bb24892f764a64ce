using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace RwkvX.AI.Checkpoints;

/// <summary>Writes safetensors files.</summary>
public static class SafetensorsWriter
{
    /// <summary>The tensors' bytes start at a multiple of this: a cache line, and the widest vector.</summary>
    private const int Alignment = 64;

    /// <summary>Writes a file, one tensor after the other, and puts it in place when it is complete.</summary>
    /// <remarks>
    /// The bytes go into a new file in the same folder, which then takes the name: a reader sees the old file or the new one, and a
    /// mapped file keeps its content until it is unmapped (Windows refuses to replace it until then).
    /// </remarks>
    /// <param name="path">The file; replaced where it exists.</param>
    /// <param name="tensors">The tensors, in the order in which they are written.</param>
    /// <param name="metadata">The header's <c>__metadata__</c>, where wanted.</param>
    /// <param name="cancellationToken">Acts between tensors; nothing is left behind.</param>
    /// <exception cref="ArgumentException">Two tensors have one name.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(
        string path, IReadOnlyList<TensorSource> tensors, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
        => Write(path, tensors, metadata, null, cancellationToken);

    /// <summary>Writes a file; what must be in place before it is done when the bytes are on the disk, right before the file takes its name.</summary>
    internal static void Write(
        string path, IReadOnlyList<TensorSource> tensors, IReadOnlyDictionary<string, string>? metadata, Action? beforeRename, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        ReadOnlyMemory<byte> header = Header(tensors, metadata);
        ReplacedFile.Write(path, stream =>
        {
            stream.Write(header.Span);
            foreach (TensorSource tensor in tensors)
            {
                cancellationToken.ThrowIfCancellationRequested();
                tensor.WriteTo(stream);
            }
        }, beforeRename);
    }

    /// <summary>The header with its length before it and padding behind it.</summary>
    private static ReadOnlyMemory<byte> Header(IReadOnlyList<TensorSource> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.GetSpan(SafetensorsFile.LengthBytes)[..SafetensorsFile.LengthBytes].Clear();
        buffer.Advance(SafetensorsFile.LengthBytes);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            WriteMetadata(json, metadata);
            WriteEntries(json, tensors);
            json.WriteEndObject();
        }
        int padding = -buffer.WrittenCount & (Alignment - 1);
        buffer.GetSpan(padding)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        byte[] header = buffer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - SafetensorsFile.LengthBytes);
        return header;
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string>? metadata)
    {
        if (metadata is null)
            return;
        json.WriteStartObject("__metadata__");
        foreach ((string key, string value) in metadata)
            json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static void WriteEntries(Utf8JsonWriter json, IReadOnlyList<TensorSource> tensors)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        long begin = 0;
        foreach (TensorSource tensor in tensors)
        {
            if (!names.Add(tensor.Name))
                throw new ArgumentException($"{tensor.Name}: expected one tensor of that name, found two", nameof(tensors));
            json.WriteStartObject(tensor.Name);
            json.WriteString("dtype", tensor.Type.ToString());
            json.WriteStartArray("shape");
            foreach (int size in tensor.Shape)
                json.WriteNumberValue(size);
            json.WriteEndArray();
            json.WriteStartArray("data_offsets");
            json.WriteNumberValue(begin);
            json.WriteNumberValue(begin += tensor.ByteLength);
            json.WriteEndArray();
            json.WriteEndObject();
        }
    }
}
