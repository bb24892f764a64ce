using RwkvX.AI.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Torch.Eager;

/// <summary>A sparse-attention layer: a query attends to its own chunk and, per head, to the past chunks of the best mean keys.</summary>
internal sealed class SparseLayer
{
    // Queries whose scores are held at once.
    private const int BlockRows = 64;

    private readonly NormWeights _ln1, _ln2;
    private readonly Tensor _receptance, _key, _value, _output;
    private readonly ChannelMix _channelMix;
    private readonly RwkvXConfig _config;
    private readonly ScalarType _pageType;

    public SparseLayer(TorchWeights weights, SparseLayerTensors layer)
    {
        (_config, _pageType) = (weights.Config, weights.Type);
        (_ln1, _ln2) = (weights.Norm(layer.Ln1), weights.Norm(layer.Ln2));
        SparseAttentionTensors att = layer.Attention;
        (_receptance, _key, _value, _output) = (weights.Matrix(att.Receptance), weights.Matrix(att.Key), weights.Matrix(att.Value), weights.Matrix(att.Output));
        _channelMix = new ChannelMix(weights, layer.ChannelMix);
    }

    /// <param name="x">(T, C) the residual stream.</param>
    /// <param name="state">The layer's state, replaced.</param>
    /// <param name="position">Of the first row.</param>
    public Tensor Forward(Tensor x, SparseLayerState state, long position)
    {
        x = x.Plus(TorchWeights.Linear(Attend(_ln1.Layer(x), state, position), _output));
        return x.Plus(_channelMix.Forward(_ln2.Layer(x), ref state.FfnXPrev));
    }

    private Tensor Attend(Tensor h, SparseLayerState state, long position)
    {
        Tensor Heads(Tensor t) => t.view(-1, _config.HeadCount, _config.HeadSize);
        Tensor q = Heads(TorchWeights.Linear(h, _receptance)); // (T, H, N)
        state.Append(Heads(TorchWeights.Linear(h, _key)).to(_pageType), Heads(TorchWeights.Linear(h, _value)).to(_pageType), _config.MobaChunkSize);
        List<Tensor> rows = [];
        for (long row = 0; row < q.shape[0];)
        {
            // A block lies within one chunk.
            (long chunk, long within) = Math.DivRem(position + row, _config.MobaChunkSize);
            long count = Math.Min(Math.Min(BlockRows, q.shape[0] - row), _config.MobaChunkSize - within);
            rows.Add(AttendBlock(q.slice(0, row, row + count, 1), state, (int)chunk, within));
            row += count;
        }

        return cat(rows, 0).reshape(-1, _config.EmbeddingSize);
    }

    /// <summary>Queries (n, H, N) of one chunk, the first at <paramref name="within"/> in it.</summary>
    private Tensor AttendBlock(Tensor q, SparseLayerState state, int chunk, long within)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor Scores(int j) => einsum("nhd,khd->nhk", q, state.Keys[j].to(ScalarType.Float32));
        Tensor own = Scores(chunk);
        Tensor later = Numbers(0, own.shape[2]).unsqueeze(0) > Numbers(within, q.shape[0]).unsqueeze(1); // (n, keys)
        List<Tensor> scores = [own.masked_fill(later.unsqueeze(1), Scalars.NegativeInfinity)], values = [state.Values[chunk]];
        if (chunk > 0)
        {
            Tensor chosen = Choose(q, state, chunk); // (n, H, chunks)
            bool[] wanted = [.. chosen.any(0).any(0).data<bool>()];
            for (int j = 0; j < chunk; j++)
            {
                if (!wanted[j])
                    continue;
                scores.Add(Scores(j).masked_fill(chosen.select(2, j).unsqueeze(-1).logical_not(), Scalars.NegativeInfinity));
                values.Add(state.Values[j]);
            }
        }

        Tensor shares = nn.functional.softmax(cat(scores, 2).mul(Scalars.ScoreScale), 2);
        return einsum("nhk,khd->nhd", shares, cat(values, 0).to(ScalarType.Float32)).MoveToOuterDisposeScope();
    }

    private static Tensor Numbers(long first, long count)
    {
        long[] numbers = new long[count];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = first + i;
        return tensor(numbers);
    }

    /// <summary>(n, H, chunks) which past chunks each query and head attends to: the highest q · mean, equal ones by the lower index.</summary>
    private Tensor Choose(Tensor q, SparseLayerState state, int chunks)
    {
        int most = _config.MobaTopK - 1;
        if (chunks <= most)
            return ones([q.shape[0], q.shape[1], chunks], ScalarType.Bool);
        Tensor scores = einsum("nhd,chd->nhc", q, stack(state.Means.Take(chunks), 0));
        Tensor order = sort(scores, dim: 2, descending: true, stable: true).indices.slice(2, 0, most, 1);
        return zeros([q.shape[0], q.shape[1], chunks], ScalarType.Bool).scatter(2, order, ones(order.shape, ScalarType.Bool));
    }
}
