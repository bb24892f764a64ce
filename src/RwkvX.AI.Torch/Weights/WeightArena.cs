using RwkvX.AI.Checkpoints;
using RwkvX.AI.Torch.Cuda;
using RwkvX.AI.Torch.Passes;

namespace RwkvX.AI.Torch.Weights;

/// <summary>Device memory for weights, and the way from a checkpoint's mapped file into it.</summary>
internal sealed unsafe class WeightArena : IDisposable
{
    private const long ChunkBytes = 16 << 20;
    private const long StagingBytes = 64 << 20;
    private const int Alignment = 256;

    private readonly CudaDevice _device;
    private readonly CudaStream _stream;
    private readonly KernelSet _kernels;
    private readonly ModelShape _shape;
    private readonly List<DeviceMemory> _memory = [];
    private readonly DeviceRange? _range;
    private DeviceMemory? _staging;
    private DeviceMemory? _chunk;
    private long _used;

    /// <param name="device">The device.</param>
    /// <param name="stream">The stream of all copies.</param>
    /// <param name="kernels">The kernels convert.cu and, for 8-bit matrices, row_scales.cu.</param>
    /// <param name="shape">The types.</param>
    public WeightArena(CudaDevice device, CudaStream stream, KernelSet kernels, ModelShape shape)
    {
        _device = device;
        _stream = stream;
        _kernels = kernels;
        _shape = shape;
        _range = device.HasRanges ? new DeviceRange(device, device.TotalBytes, "weights") : null;
    }

    // The forms that convert.cu writes.
    private enum Form
    {
        Engine,
        Single,
        Large,
    }

    /// <summary>Bytes in use.</summary>
    public long Bytes { get; private set; }

    /// <summary>Elements of matrices.</summary>
    public long MatrixElements { get; private set; }

    /// <summary>The code of a checkpoint's type in kernels; 8-bit integers arrive widened, unless the large matrices have that type too.</summary>
    public static int TypeCode(TensorType type) => type switch
    {
        TensorType.BF16 => 1,
        TensorType.F16 => 2,
        _ => 0,
    };

    /// <summary>A vector in single precision.</summary>
    public ulong Vector(CheckpointTensor tensor) => Store([tensor], 1, (int)tensor.ElementCount, Form.Single, transposed: false);

    /// <summary>A matrix in the engine's type.</summary>
    public ulong Matrix(CheckpointTensor tensor) => Store([tensor], tensor.Shape[0], tensor.Shape[1], Form.Engine, transposed: false);

    /// <summary>A matrix (rows, columns) as (columns, rows) in the engine's type.</summary>
    public ulong Transposed(CheckpointTensor tensor) => Store([tensor], tensor.Shape[0], tensor.Shape[1], Form.Engine, transposed: true);

    /// <summary>Matrices of the same shape, one below the other, in the type of large matrices; one scale a row where that has 8 bits.</summary>
    public MatrixWeights Large(params CheckpointTensor[] tensors) => StoreLarge(tensors, transposed: false);

    /// <summary>A matrix (rows, columns) as (columns, rows) in the type of large matrices; a scale still belongs to one of its rows in the file.</summary>
    public MatrixWeights LargeTransposed(CheckpointTensor tensor) => StoreLarge([tensor], transposed: true);

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
        _stream.Settle(); // loading may have failed half-way
        _staging?.Dispose();
        _range?.Dispose();
        foreach (DeviceMemory memory in _memory)
            memory.Dispose();
        _memory.Clear();
    }

    private MatrixWeights StoreLarge(CheckpointTensor[] tensors, bool transposed)
    {
        (int rows, int columns) = (tensors[0].Shape[0], tensors[0].Shape[1]);
        if (_shape.MatrixType == 0)
            return new MatrixWeights(Store(tensors, rows, columns, Form.Engine, transposed), 0);
        ulong scales = Take((long)rows * tensors.Length * sizeof(float));
        return new MatrixWeights(Store(tensors, rows, columns, Form.Large, transposed, scales), scales);
    }

    private ulong Store(CheckpointTensor[] tensors, int rows, int columns, Form form, bool transposed, ulong scales = 0)
    {
        long bytes = (long)rows * columns * Size(form);
        if (form != Form.Single)
            MatrixElements += (long)rows * columns * tensors.Length;
        ulong to = Take(bytes * tensors.Length);
        for (int i = 0; i < tensors.Length; i++)
        {
            CheckpointTensor tensor = tensors[i];
            ulong at = to + (ulong)(bytes * i);
            ulong scalesAt = scales + (ulong)(rows * i * sizeof(float));
            bool kept = form == Form.Large ? IsKept(tensor) : tensor.Type != TensorType.I8 && TypeCode(tensor.Type) == (form == Form.Single ? 0 : _shape.WeightType);
            if (kept && form == Form.Large)
                _stream.Upload(tensor.Scale!.Data, scalesAt, rows * sizeof(float));
            if (kept && !transposed)
                _stream.Upload(tensor.Data, at, bytes);
            else
                Convert(tensor, at, scalesAt, rows, columns, form, transposed);
        }
        return to;
    }

    /// <summary>Whether a large matrix goes over as the file has it, integers and scales.</summary>
    private bool IsKept(CheckpointTensor tensor) => tensor.Type == TensorType.I8 && _shape.MatrixType == 1;

    private int Size(Form form) => form switch { Form.Single => sizeof(float), Form.Large => 1, _ => _shape.ElementBytes };

    private void Convert(CheckpointTensor tensor, ulong to, ulong scales, int rows, int columns, Form form, bool transposed)
    {
        _staging ??= new DeviceMemory(_device, StagingBytes, "staging for weights");
        bool kept = form == Form.Large && IsKept(tensor), integers = tensor.Type == TensorType.I8 && !kept, scaled = form == Form.Large && !kept;
        int size = Size(form), type = kept ? 3 : TypeCode(tensor.Type);
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
            ulong scalesAt = scaled ? scales + (ulong)row * sizeof(float) : 0;
            if (scaled)
                _kernels["row_scales"].Launch(_stream, new RowScalesArgs { From = _staging.Address, Scales = scalesAt, Columns = columns, Type = type }, count);
            ConvertArgs args = new()
            {
                From = _staging.Address,
                Scales = scalesAt,
                To = to + (ulong)((transposed ? row : (long)row * columns) * size),
                Rows = count,
                Columns = columns,
                Stride = transposed ? rows : columns,
                Type = type,
                Form = (int)form,
                Transposed = transposed ? 1 : 0,
            };
            _kernels["convert"].Launch(_stream, args, (columns + 31) / 32, (count + 31) / 32);
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
        public ulong From, To, Scales;
        public long Rows, Columns, Stride;
        public int Type, Form, Transposed;
    }

    private struct RowScalesArgs
    {
        public ulong From, Scales;
        public int Columns, Type;
    }
}
