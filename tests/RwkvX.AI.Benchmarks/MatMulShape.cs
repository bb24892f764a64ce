using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Cpu.Kernels;

namespace RwkvX.AI.Benchmarks;

/// <summary>All matrix products of a plain RWKV-7 of some shape with random weights, in the groups in which a forward pass runs them.</summary>
internal sealed unsafe class MatMulShape : IDisposable
{
    private readonly List<WeightMatrix[]> _groups = [];
    private readonly WeightMatrix _head;
    private readonly WeightMatrix _x;
    private readonly WeightMatrix _y;

    public MatMulShape(int layers, int width, int vocabulary, TensorType type, int maxRows)
    {
        int[] ranks = [64, 64, 32, 128]; // w, a, v, g of the published 0.19B
        TensorType loraType = type == TensorType.I8 ? TensorType.BF16 : type;
        for (int i = 0; i < layers; i++)
        {
            _groups.Add([.. Enumerable.Range(0, 3).Select(_ => Random(width, width, type)), .. ranks.Select(r => Random(r, width, loraType))]);
            _groups.Add([.. ranks.Select(r => Random(width, r, loraType))]);
            _groups.Add([Random(width, width, type)]);
            _groups.Add([Random(4 * width, width, type)]);
            _groups.Add([Random(width, 4 * width, type)]);
        }

        _head = Random(vocabulary, width, type);
        _x = Random(maxRows, 4 * width, TensorType.F32);
        _y = Random(Math.Max(vocabulary, maxRows * 4 * width), 8, TensorType.F32);
    }

    public long LayerWeights => _groups.Sum(group => group.Sum(w => (long)w.Rows * w.Columns));

    public long ByteLength => _groups.Sum(group => group.Sum(w => w.ByteLength)) + _head.ByteLength;

    public static WeightMatrix Random(int rows, int columns, TensorType type)
    {
        WeightMatrix w = WeightMatrix.Allocate(rows, columns, type);
        Random random = new(rows + columns);
        long count = (long)rows * columns;
        for (long i = 0; i < count; i++)
        {
            float value = ((random.Next() & 0xffff) / 32768f) - 1f;
            switch (type)
            {
                case TensorType.F32:
                    ((float*)w.Data)[i] = value;
                    break;
                case TensorType.BF16:
                    ((ushort*)w.Data)[i] = (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
                    break;
                case TensorType.F16:
                    ((Half*)w.Data)[i] = (Half)value;
                    break;
                default:
                    ((sbyte*)w.Data)[i] = (sbyte)(value * 127);
                    w.Scales[i / columns] = 1f / 127;
                    break;
            }
        }

        return w;
    }

    /// <summary>The products of one forward pass over T rows, the head over the last row only.</summary>
    public void Forward(WorkerPool pool, int rows) => pool.Run(worker =>
    {
        float* x = (float*)_x.Data, y = (float*)_y.Data;
        Span<MatMulProduct> products = new MatMulProduct[8];
        foreach (WeightMatrix[] group in _groups)
        {
            float* to = y;
            for (int i = 0; i < group.Length; i++)
            {
                products[i] = new(x, group[i].Columns, group[i], to, group[i].Rows);
                to += (long)rows * group[i].Rows;
            }

            MatMul.Run(worker, rows, products[..group.Length]);
            worker.Barrier();
        }

        MatMul.Run(worker, x, 1, _head.Columns, _head, y, _head.Rows);
    });

    public void Dispose()
    {
        foreach (WeightMatrix w in (WeightMatrix[])[.. _groups.SelectMany(group => group), _head, _x, _y])
        {
            w.Dispose();
        }
    }
}
