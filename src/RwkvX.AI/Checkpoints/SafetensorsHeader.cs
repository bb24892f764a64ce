using System.Text;
using System.Text.Json;

namespace RwkvX.AI.Checkpoints;

/// <summary>The JSON header of a safetensors file, read without building a document.</summary>
internal sealed class SafetensorsHeader
{
    private const string Field = "header";

    // The parts of an entry; each may stand once.
    private const int DType = 1, Shape = 2, Offsets = 4, All = 7;

    private readonly string _path;
    private readonly AllocationBudget _budget;
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    public SafetensorsHeader(string path, ReadOnlySpan<byte> json, AllocationBudget budget)
    {
        _path = path;
        _budget = budget;
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
            Read(ref reader);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string that is not UTF-8, or a lone surrogate behind an escape.
            throw new CheckpointException(path, $"header: not the JSON of a safetensors file: {TensorShape.Printable(e.Message)}", e);
        }
    }

    /// <summary>The tensors, in the header's order.</summary>
    public List<SafetensorsEntry> Entries { get; } = [];

    /// <summary>The header's <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    private void Read(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject);
        bool metadata = false;
        while (NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("__metadata__"u8))
            {
                if (metadata)
                    throw new CheckpointException(_path, "__metadata__", "one", "two");
                metadata = true;
                ReadMetadata(ref reader);
            }
            else
            {
                ReadEntry(ref reader);
            }
        }
        if (reader.Read())
            throw new CheckpointException(_path, Field, "one JSON object", $"{reader.TokenType} behind it");
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject);
        while (NextProperty(ref reader))
        {
            string key = Text(ref reader);
            Expect(ref reader, JsonTokenType.String);
            _budget.Charge(AllocationBudget.EntryBytes, "__metadata__");
            if (!_metadata.TryAdd(key, Text(ref reader)))
                throw new CheckpointException(_path, $"__metadata__.{TensorShape.Printable(key)}", "one value", "two");
        }
    }

    private void ReadEntry(ref Utf8JsonReader reader)
    {
        string name = Text(ref reader);
        TensorType type = default;
        Span<long> shape = stackalloc long[TensorShape.MaxRank];
        Span<long> offsets = stackalloc long[2];
        int rank = 0, seen = 0;
        Expect(ref reader, JsonTokenType.StartObject);
        while (NextProperty(ref reader))
        {
            int part = reader.ValueTextEquals("dtype"u8) ? DType : reader.ValueTextEquals("shape"u8) ? Shape : reader.ValueTextEquals("data_offsets"u8) ? Offsets : 0;
            if ((seen & part) != 0)
                throw Wrong(name, "each field once", "one of them twice");
            seen |= part;
            if (part == DType)
                type = ReadType(ref reader, name);
            else if (part == Shape)
                rank = ReadIntegers(ref reader, name, shape);
            else if (part == Offsets && ReadIntegers(ref reader, name, offsets) != 2)
                throw Wrong(name, "two data_offsets", "fewer");
            else if (part == 0)
                reader.Skip();
        }
        if (seen != All)
            throw Wrong(name, "dtype, shape and data_offsets", "not all of them");
        Add(name, type, shape[..rank], offsets[0], offsets[1]);
    }

    private void Add(string name, TensorType type, ReadOnlySpan<long> sizes, long begin, long end)
    {
        // The entry in its list, the tensor, its shape, its entry in the dictionary.
        _budget.Charge(2 * AllocationBudget.EntryBytes + 160, name);
        int[] shape = new int[sizes.Length];
        for (int i = 0; i < shape.Length; i++)
            shape[i] = sizes[i] <= int.MaxValue ? (int)sizes[i] : throw Wrong(name, $"sizes up to {int.MaxValue}", $"{sizes[i]}");
        if (!TensorShape.TryCount(shape, out long count))
            throw Wrong(name, "a shape whose elements can be counted", TensorShape.Format(shape));
        long bytes = count * CheckpointTensor.SizeOf(type);
        if (end < begin || end - begin != bytes)
            throw Wrong(name, $"{bytes} bytes for {type} {TensorShape.Format(shape)}", $"data_offsets [{begin}, {end}]");
        Entries.Add(new SafetensorsEntry(name, type, shape, begin, end));
    }

    private TensorType ReadType(ref Utf8JsonReader reader, string name)
    {
        Expect(ref reader, JsonTokenType.String);
        foreach (TensorType type in Enum.GetValues<TensorType>())
        {
            if (reader.ValueTextEquals(type.ToString()))
                return type;
        }
        throw Wrong(name, "dtype F32, F16, BF16, I8, I32 or I64", TensorShape.Printable(Encoding.UTF8.GetString(reader.ValueSpan[..Math.Min(reader.ValueSpan.Length, 16)])));
    }

    /// <summary>Reads an array of non-negative integers; returns how many.</summary>
    private int ReadIntegers(ref Utf8JsonReader reader, string name, scoped Span<long> destination)
    {
        int count = 0;
        Expect(ref reader, JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long value) || value < 0)
                throw Wrong(name, "integers from 0 up", TensorShape.Printable(Encoding.UTF8.GetString(reader.ValueSpan[..Math.Min(reader.ValueSpan.Length, 32)])));
            if (count == destination.Length)
                throw Wrong(name, $"at most {destination.Length} numbers in an array", "more");
            destination[count++] = value;
        }
        return count;
    }

    private string Text(ref Utf8JsonReader reader)
    {
        _budget.ChargeString(reader.ValueSpan.Length, Field);
        return reader.GetString()!;
    }

    /// <summary>Goes to the next property's name; false at the object's end.</summary>
    private static bool NextProperty(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    private void Expect(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (!reader.Read() || reader.TokenType != type)
            throw new CheckpointException(_path, $"{Field} at byte {reader.TokenStartIndex}", type.ToString(), reader.TokenType.ToString());
    }

    private CheckpointException Wrong(string name, string expected, string found) => new(_path, TensorShape.Printable(name), expected, found);
}
