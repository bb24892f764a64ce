using RwkvX.AI.Checkpoints;
using RwkvX.AI.Torch.Cuda;

namespace RwkvX.AI.Torch.Weights;

/// <summary>Device memory for weights, and the way from a checkpoint's mapped file into it.</summary>
internal sealed unsafe class WeightArena : IDisposable
{
    private const long ChunkBytes = 16 << 20;
    private const long StagingBytes = 64 << 20;
    private const int Alignment = 256;

    private readonly CudaDevice _device;
    private readonly CudaStream _stream;
    private readonly CudaKernel _convert;
    private readonly int _type;
    private readonly List<DeviceMemory> _memory = [];
    private readonly DeviceRange? _range;
    private DeviceMemory? _staging;
    private DeviceMemory? _chunk;
    private long _used;

    /// <param name="device">The device.</param>
    /// <param name="stream">The stream of all copies.</param>
    /// <param name="convert">The kernel convert.cu.</param>
    /// <param name="type">The engine's type: 0 f32, 1 bf16, 2 f16.</param>
    public WeightArena(CudaDevice device, CudaStream stream, CudaKernel convert, int type)
    {
        _device = device;
        _stream = stream;
        _convert = convert;
        _type = type;
        _range = device.HasRanges ? new DeviceRange(device, device.TotalBytes, "weights") : null;
    }

    /// <summary>Bytes in use.</summary>
    public long Bytes { get; private set; }

    /// <summary>The code of a checkpoint's type in kernels; 8-bit integers arrive widened.</summary>
    public static int TypeCode(TensorType type) => type switch
    {
        TensorType.BF16 => 1,
        TensorType.F16 => 2,
        _ => 0,
    };

    /// <summary>A vector in single precision.</summary>
    public ulong Vector(CheckpointTensor tensor) => Store([tensor], 1, (int)tensor.ElementCount, wide: true, transposed: false);

    /// <summary>Matrices of the same number of columns, one below the other, in the engine's type.</summary>
    public ulong Matrix(params CheckpointTensor[] tensors) => Store(tensors, tensors[0].Shape[0], tensors[0].Shape[1], wide: false, transposed: false);

    /// <summary>A matrix (rows, columns) as (columns, rows) in the engine's type.</summary>
    public ulong Transposed(CheckpointTensor tensor) => Store([tensor], tensor.Shape[0], tensor.Shape[1], wide: false, transposed: true);

    /// <summary>A matrix as the file has it.</summary>
    public ulong AsStored(CheckpointTensor tensor)
    {
        ulong to = Take(tensor.ByteLength);
        _stream.Upload(tensor.Data, to, tensor.ByteLength);
        return to;
    }

    /// <summary>Zeroed room.</summary>
    public ulong Zeros(long bytes)
    {
        ulong to = Take(bytes);
        _stream.Clear(to, bytes);
        return to;
    }

    /// <summary>Waits for all copies and gives the staging buffer back.</summary>
    public void Finish()
    {
        _stream.Synchronize();
        _staging?.Dispose();
        _staging = null;
    }

    public void Dispose()
    {
        _staging?.Dispose();
        _range?.Dispose();
        foreach (DeviceMemory memory in _memory)
            memory.Dispose();
        _memory.Clear();
    }

    private ulong Store(CheckpointTensor[] tensors, int rows, int columns, bool wide, bool transposed)
    {
        int size = wide || _type == 0 ? sizeof(float) : sizeof(ushort);
        long bytes = (long)rows * columns * size;
        ulong to = Take(bytes * tensors.Length);
        for (int i = 0; i < tensors.Length; i++)
        {
            CheckpointTensor tensor = tensors[i];
            ulong at = to + (ulong)(bytes * i);
            if (!transposed && tensor.Type != TensorType.I8 && TypeCode(tensor.Type) == (wide ? 0 : _type))
                _stream.Upload(tensor.Data, at, bytes);
            else
                Convert(tensor, at, rows, columns, size, wide, transposed);
        }
        return to;
    }

    private void Convert(CheckpointTensor tensor, ulong to, int rows, int columns, int size, bool wide, bool transposed)
    {
        _staging ??= new DeviceMemory(_device, StagingBytes, "staging for weights");
        bool integers = tensor.Type == TensorType.I8;
        int from = integers ? sizeof(float) : CheckpointTensor.SizeOf(tensor.Type);
        int block = (int)Math.Clamp(StagingBytes / ((long)columns * from), 1, rows);
        float[] widened = integers ? new float[(long)block * columns] : [];
        for (int row = 0; row < rows; row += block)
        {
            int count = Math.Min(block, rows - row);
            if (integers)
            {
                tensor.CopyTo((long)row * columns, widened.AsSpan(0, count * columns));
                _stream.Upload<float>(widened.AsSpan(0, count * columns), _staging.Address);
            }
            else
            {
                _stream.Upload(tensor.Data + (long)row * columns * from, _staging.Address, (long)count * columns * from);
            }
            ConvertArgs args = new()
            {
                From = _staging.Address,
                To = to + (ulong)((transposed ? row : (long)row * columns) * size),
                Rows = count,
                Columns = columns,
                Stride = transposed ? rows : columns,
                Type = TypeCode(tensor.Type),
                Wide = wide ? 1 : 0,
                Transposed = transposed ? 1 : 0,
            };
            _convert.Launch(_stream, args, (columns + 31) / 32, (count + 31) / 32);
        }
    }

    private ulong Take(long bytes)
    {
        Bytes += bytes;
        if (_range is not null)
        {
            long from = _used;
            _used += (bytes + Alignment - 1) / Alignment * Alignment;
            _range.Grow(_used);
            return _range.Address + (ulong)from;
        }
        if (bytes >= ChunkBytes / 4)
            return Allocate(bytes).Address;
        if (_chunk is null || _used + bytes > _chunk.Bytes)
        {
            _chunk = Allocate(ChunkBytes);
            _used = 0;
        }
        ulong at = _chunk.Address + (ulong)_used;
        _used += (bytes + Alignment - 1) / Alignment * Alignment;
        return at;
    }

    private DeviceMemory Allocate(long bytes)
    {
        DeviceMemory memory = new(_device, bytes, "weights");
        _memory.Add(memory);
        return memory;
    }

    private struct ConvertArgs
    {
        public ulong From, To;
        public long Rows, Columns, Stride;
        public int Type, Wide, Transposed;
    }
}
