using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Models;
using RwkvX.AI.Testing.Reference;
using RwkvX.AI.Torch.Cuda;
using RwkvX.AI.Torch.Passes;
using RwkvX.AI.Torch.Weights;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>8-bit matrices on their way onto the device and into a product, bit for bit with the twin; and the twin itself.</summary>
public sealed class EightBitMatrixTests
{
    [Theory]
    [InlineData(0x00, 0)]
    [InlineData(0x01, 0.001953125)]   // 2^-9, the smallest
    [InlineData(0x07, 0.013671875)]   // the largest without a leading one
    [InlineData(0x08, 0.015625)]
    [InlineData(0x38, 1)]
    [InlineData(0x7E, 448)]
    [InlineData(0xBC, -1.5)]
    public void E4M3_KnownCodes_AreThoseValues(byte code, float value)
    {
        Assert.Equal(value, E4M3.Decode(code));
        Assert.Equal(code, E4M3.Encode(value));
    }

    [Theory]
    [InlineData(17, 16)]
    [InlineData(19, 20)]
    [InlineData(17.001, 18)]
    [InlineData(1000, 448)]
    [InlineData(-0.0009765625, 0)] // half of the smallest
    [InlineData(-0.0029296875, -0.00390625)]
    public void E4M3_BetweenValues_GoesToTheNearestOrEven(float value, float expected) => Assert.Equal(expected, E4M3.Decode(E4M3.Encode(value)));

    [Theory]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Fp8)]
    public void Twin_RandomMatrix_IsNear(Precision precision)
    {
        using MemoryCheckpoint source = Random(40, 192, TensorType.F32);
        EightBitMatrix twin = new(source.Get("m"), precision);
        float[] exact = Elements(source.Get("m")), near = twin.Dequantize();
        for (int i = 0; i < exact.Length; i++)
        {
            // Half a step: half the scale, or a sixteenth of the value and half of 2^-9 where it is small.
            float scale = twin.Scales[i / 192], half = precision == Precision.Int8 ? scale / 2 : MathF.Max(MathF.Abs(exact[i]) / 16, scale / 1024);
            Assert.InRange(MathF.Abs(exact[i] - near[i]), 0, half * 1.0001f);
        }
        Assert.All(near.AsSpan(3 * 192, 192).ToArray(), zero => Assert.Equal(0, zero)); // a row without a scale
    }

    [Fact]
    public void Twin_Int8_IsTheQuantizerOfFiles()
    {
        using MemoryCheckpoint source = Random(40, 192, TensorType.F32);
        EightBitMatrix twin = new(source.Get("m"), Precision.Int8);
        sbyte[] values = new sbyte[twin.Values.Length];
        float[] scales = new float[twin.Rows];
        Int8Quantizer.Quantize(source.Get("m"), values, scales);
        Assert.Equal(values, twin.Values.Select(code => (sbyte)code));
        TensorAssert.SameBits(scales, twin.Scales, "scales");
    }

    [Theory]
    [InlineData(Precision.Int8, TensorType.F32, Precision.BF16)]
    [InlineData(Precision.Int8, TensorType.BF16, Precision.F32)]
    [InlineData(Precision.Int8, TensorType.F16, Precision.F16)]
    [InlineData(Precision.Fp8, TensorType.F32, Precision.F32)]
    [InlineData(Precision.Fp8, TensorType.BF16, Precision.BF16)]
    [InlineData(Precision.Fp8, TensorType.F16, Precision.BF16)]
    public void Large_Matrix_SameBitsAsTwin(Precision precision, TensorType stored, Precision beside)
    {
        CudaTest.Require();
        using MemoryCheckpoint source = Random(208, 192, stored);
        using DeviceMatrices device = new(precision, beside);
        EightBitMatrix twin = new(source.Get("m"), precision);
        float[] expected = twin.Dequantize();
        foreach (bool transposed in (bool[])[false, true])
        {
            (byte[] values, float[] scales, float[] widened) = device.Load(source.Get("m"), transposed);
            Assert.Equal(transposed ? Turn(twin.Values, 192) : twin.Values, values);
            TensorAssert.SameBits(twin.Scales, scales, $"scales, transposed {transposed}");
            TensorAssert.SameBits(Narrow(transposed ? Turn(expected, 192) : expected, beside), widened, $"widened, transposed {transposed}");
        }
    }

    [Fact]
    public void Large_Int8File_GoesOverAsItIs()
    {
        CudaTest.Require();
        using MemoryCheckpoint source = Random(208, 192, TensorType.F32);
        EightBitMatrix twin = new(source.Get("m"), Precision.Int8);
        twin.Values[5] = 0x80; // -128, which others may write
        using MemoryCheckpoint file = new();
        file.Add("m", TensorType.I8, [208, 192], twin.Values);
        file.Add("m_scale", [208], twin.Scales);
        file.Get("m").Scale = file.Get("m_scale");
        using DeviceMatrices device = new(Precision.Int8, Precision.BF16);
        foreach (bool transposed in (bool[])[false, true])
        {
            (byte[] values, float[] scales, _) = device.Load(file.Get("m"), transposed);
            Assert.Equal(transposed ? Turn(twin.Values, 192) : twin.Values, values);
            TensorAssert.SameBits(twin.Scales, scales, $"scales, transposed {transposed}");
        }
    }

    /// <summary>Rows of all sizes, one of zeros, one with values between two codes.</summary>
    private static MemoryCheckpoint Random(int rows, int columns, TensorType type)
    {
        Random random = new(rows);
        float[] values = [.. Enumerable.Range(0, rows * columns).Select(i => i / columns == 3 ? 0 : (float)((random.NextDouble() - 0.5) * Math.Pow(2, (i / columns % 20) - 12)))];
        for (int i = 0; i < columns; i++)
            values[(4 * columns) + i] = i == 0 ? 127 : (i % 127) - 0.5f; // a scale of 1 for integers: ties
        byte[] bytes = new byte[values.Length * CheckpointTensor.SizeOf(type)];
        ElementConversion.Narrow(values, type, bytes);
        MemoryCheckpoint checkpoint = new();
        checkpoint.Add("m", type, [rows, columns], bytes);
        return checkpoint;
    }

    private static float[] Elements(CheckpointTensor tensor)
    {
        float[] elements = new float[tensor.ElementCount];
        tensor.CopyTo(elements);
        return elements;
    }

    private static T[] Turn<T>(T[] matrix, int columns)
        => [.. Enumerable.Range(0, matrix.Length).Select(i => matrix[(i % (matrix.Length / columns) * columns) + (i / (matrix.Length / columns))])];

    private static float[] Narrow(float[] values, Precision precision)
    {
        TensorType type = Type(precision);
        byte[] bytes = new byte[values.Length * CheckpointTensor.SizeOf(type)];
        ElementConversion.Narrow(values, type, bytes);
        float[] narrowed = new float[values.Length];
        ElementConversion.Widen(bytes, type, narrowed);
        return narrowed;
    }

    private static TensorType Type(Precision precision) => precision switch { Precision.F32 => TensorType.F32, Precision.BF16 => TensorType.BF16, _ => TensorType.F16 };

    /// <summary>The part of an engine that takes matrices onto the device and widens them again.</summary>
    private sealed unsafe class DeviceMatrices : IDisposable
    {
        private readonly Precision _beside;
        private readonly CudaDevice _device = new(0, null);
        private readonly CudaStream _stream;
        private readonly ModelShape _shape;
        private readonly KernelSet _kernels;
        private readonly WeightArena _arena;
        private readonly DeviceMemory _buffer;

        public DeviceMatrices(Precision precision, Precision beside)
        {
            _beside = beside;
            using TinyModel tiny = TinyModel.Create(heads: 3, layers: 4, sparseLayers: 2); // whose kernels other tests compile, too
            ModelTensors tensors = tiny.Tensors();
            _shape = CudaModel.Shape(tensors, new CudaModelOptions { Precision = precision, BesideLarge = beside }, _device.MultiprocessorCount);
            _stream = new CudaStream();
            _kernels = new KernelSet(_device, new KernelCompiler(_device.ComputeCapability, _device.DriverVersion, KernelCompiler.DefaultFolder), _shape, []);
            _arena = new WeightArena(_device, _stream, _kernels, _shape);
            _buffer = new DeviceMemory(_device, Dequantizer.Bytes(_shape), "a test");
        }

        /// <summary>The codes and scales as they lie on the device, and what a matrix product gets.</summary>
        public (byte[] Values, float[] Scales, float[] Widened) Load(CheckpointTensor tensor, bool transposed)
        {
            MatrixWeights matrix = transposed ? _arena.LargeTransposed(tensor) : _arena.Large(tensor);
            _arena.Finish();
            (int rows, int columns) = transposed ? (tensor.Shape[1], tensor.Shape[0]) : (tensor.Shape[0], tensor.Shape[1]);
            ulong at = new Dequantizer(_stream, _shape, _kernels, _buffer.Address).Widen(matrix, rows, columns, transposed);
            byte[] widened = Download<byte>(at, rows * columns * _shape.ElementBytes);
            float[] floats = new float[rows * columns];
            ElementConversion.Widen(widened, Type(_beside), floats);
            return (Download<byte>(matrix.Values, rows * columns), Download<float>(matrix.Scales, tensor.Shape[0]), floats);
        }

        public void Dispose()
        {
            _buffer.Dispose();
            _arena.Dispose();
            _kernels.Dispose();
            _stream.Dispose();
            _device.Dispose();
        }

        private T[] Download<T>(ulong from, int count)
            where T : unmanaged
        {
            T[] to = new T[count];
            fixed (T* at = to)
                _stream.Download(from, at, count * sizeof(T));
            _stream.Synchronize();
            return to;
        }
    }
}
