using System.Globalization;

namespace RwkvX.AI.Checkpoints;

/// <summary>A PyTorch file: a zip of one pickle, which describes tensors, and the storages that they lie in.</summary>
/// <remarks>Contiguous tensors in stored entries are views of the file; strided or deflated ones are copies. Nothing in a file is executed.</remarks>
internal sealed unsafe class PyTorchFile : Checkpoint
{
    private const string PickleName = "/data.pkl";

    private readonly CheckpointMemory _memory;
    private readonly AllocationBudget _budget;
    private readonly ZipDirectory _zip;
    private readonly string _root;
    private readonly Dictionary<string, (nint Start, long Length)> _storages = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CheckpointTensor> _tensors = new(StringComparer.Ordinal);

    /// <summary>Reads the pickle. The memory is disposed with the file, but not where this throws.</summary>
    public PyTorchFile(CheckpointMemory memory)
    {
        _memory = memory;
        _budget = new AllocationBudget(memory.Path, memory.Length);
        _zip = new ZipDirectory(memory, _budget);
        ZipEntry pickle = FindPickle();
        _root = pickle.Name[..^PickleName.Length];
        CheckByteOrder();
        if (pickle.Size > Array.MaxLength)
            throw Wrong(pickle.Name, $"at most {Array.MaxLength} bytes", $"{pickle.Size}");
        var reader = new PickleReader(Path, new ReadOnlySpan<byte>(_zip.Open(pickle), (int)pickle.Size), _budget);
        foreach ((string name, object value) in reader.ReadStateDict())
            _tensors.Add(name, ToTensor(name, value as PickleTensor ?? throw Wrong(name, "a tensor", "another value")));
        LinkScales(Path, _tensors, _budget);
    }

    public override string Path => _memory.Path;

    public override IReadOnlyDictionary<string, CheckpointTensor> Tensors => _tensors;

    /// <summary>True where the memory starts as a zip archive does.</summary>
    public static bool Recognizes(CheckpointMemory memory) => ZipDirectory.Recognizes(memory);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _memory.Dispose();
    }

    private ZipEntry FindPickle()
    {
        ZipEntry? found = null;
        foreach (ZipEntry entry in _zip.Entries.Values)
        {
            if (!entry.Name.EndsWith(PickleName, StringComparison.Ordinal) || entry.Name.IndexOf('/', StringComparison.Ordinal) != entry.Name.Length - PickleName.Length)
                continue;
            found = found is null ? entry : throw Wrong("data.pkl", "one", "two");
        }
        return found ?? throw Wrong("data.pkl", "the pickle of a PyTorch file", "none in the zip");
    }

    private void CheckByteOrder()
    {
        if (!_zip.Entries.TryGetValue($"{_root}/byteorder", out ZipEntry? entry))
            return;
        bool little = entry.Size == 6 && new ReadOnlySpan<byte>(_zip.Open(entry), 6).SequenceEqual("little"u8);
        if (!little)
            throw Wrong("byteorder", "little", "another");
    }

    private CheckpointTensor ToTensor(string name, PickleTensor tensor)
    {
        _budget.Charge(AllocationBudget.EntryBytes + 96, name);
        (nint start, long length) = OpenStorage(name, tensor.Storage);
        int elementSize = CheckpointTensor.SizeOf(tensor.Storage.Type);
        if (tensor.Storage.Count != length / elementSize || length % elementSize != 0)
            throw Wrong(name, $"a storage of {tensor.Storage.Count} {tensor.Storage.Type}", $"{length} bytes");
        if (!tensor.FitsStorage)
            throw Wrong(name, $"elements within a storage of {tensor.Storage.Count}", $"{TensorShape.Format(tensor.Shape)} from {tensor.Offset} on, strides {string.Join(", ", tensor.Strides.Select(s => s.ToString(CultureInfo.InvariantCulture)))}");
        TensorShape.TryCount(tensor.Shape, out long count);
        byte* first = (byte*)start + tensor.Offset * elementSize;
        byte* data = count == 0 || tensor.IsContiguous ? first : Gather(name, tensor, first, count * elementSize, elementSize);
        return new CheckpointTensor(name, tensor.Storage.Type, tensor.Shape, data, count * elementSize, _memory);
    }

    private (nint Start, long Length) OpenStorage(string name, PickleStorage storage)
    {
        if (_storages.TryGetValue(storage.Key, out (nint Start, long Length) known))
            return known;
        _budget.ChargeString(_root.Length + 6 + storage.Key.Length, name);
        _budget.Charge(AllocationBudget.EntryBytes, name);
        if (!_zip.Entries.TryGetValue($"{_root}/data/{storage.Key}", out ZipEntry? entry))
            throw Wrong(name, $"its storage data/{TensorShape.Printable(storage.Key)}", "none in the zip");
        return _storages[storage.Key] = ((nint)_zip.Open(entry), entry.Size);
    }

    /// <summary>Copies a strided tensor, row-major.</summary>
    private byte* Gather(string name, PickleTensor tensor, byte* source, long byteLength, int elementSize)
    {
        _budget.Charge(byteLength + 64, name);
        if (byteLength > Array.MaxLength)
            throw Wrong(name, $"at most {Array.MaxLength} bytes where strides are not those of rows", $"{byteLength}");
        fixed (byte* destination = _memory.Allocate((int)byteLength)) // pinned for good
        {
            byte* end = destination + byteLength;
            Span<int> index = stackalloc int[tensor.Shape.Length];
            long at = 0;
            for (byte* to = destination; to < end; to += elementSize)
            {
                Buffer.MemoryCopy(source + at * elementSize, to, elementSize, elementSize);
                for (int d = tensor.Shape.Length - 1; d >= 0; d--)
                {
                    at += tensor.Strides[d];
                    if (++index[d] < tensor.Shape[d])
                        break;
                    at -= tensor.Strides[d] * tensor.Shape[d];
                    index[d] = 0;
                }
            }
            return destination;
        }
    }

    private CheckpointException Wrong(string name, string expected, string found) => new(Path, TensorShape.Printable(name), expected, found);
}
