using RwkvX.AI.Models;

namespace RwkvX.AI.Testing.Reference;

/// <summary>RWKV-X written as plainly as possible, in double precision, one token at a time: the oracle of every engine.</summary>
/// <remarks>
/// Source: arXiv 2504.21463 (RWKV-X), arXiv 2503.14456 (RWKV-7), arXiv 2502.13189 (MoBA). Nothing here is fast on purpose.
/// </remarks>
public sealed class ScalarModel
{
    private const double LayerNormEps = 1e-5;
    private const double GroupNormEps = 64e-5;

    private readonly IReadOnlyDictionary<string, float[]> _tensors;
    private readonly string _prefix;

    /// <summary>Takes a model's tensors by their published names.</summary>
    public ScalarModel(RwkvXConfig config, IReadOnlyDictionary<string, float[]> tensors)
    {
        Config = config;
        _tensors = tensors;
        _prefix = tensors.ContainsKey("rwkv.emb.weight") ? "rwkv." : "";
    }

    /// <summary>The model's sizes.</summary>
    public RwkvXConfig Config { get; }

    /// <summary>Where set, sees each choice of chunks and returns those to use.</summary>
    public Func<ChunkChoice, int[]>? OnChoice { get; set; }

    /// <summary>An empty state.</summary>
    public ScalarState CreateState() =>
        new(Config.LayerCount, Config.SparseLayerCount, Config.EmbeddingSize, Config.HeadSize);

    /// <summary>The logits (V) after each of the tokens.</summary>
    public double[][] Run(ScalarState state, IEnumerable<int> tokens) => [.. tokens.Select(token => Step(state, token))];

    /// <summary>Runs one token and returns the logits (V) after it.</summary>
    public double[] Step(ScalarState state, int token)
    {
        int C = Config.EmbeddingSize;
        double[] x = LayerNorm(Row(_prefix + "emb.weight", token, C), _prefix + "blocks.0.ln0");
        double[] vFirst = new double[C];
        for (int i = 0; i < Config.LayerCount; i++)
        {
            string block = $"{_prefix}blocks.{i}.";
            ScalarState.RwkvLayer layer = state.Rwkv[i];
            Add(x, TimeMix(LayerNorm(x, block + "ln1"), layer, block + "att.", i, vFirst));
            Add(x, ChannelMix(LayerNorm(x, block + "ln2"), layer.FfnXPrev, block + "ffn."));
            if (Config.SparseLayerCount > 0 && (i + 1) % Config.SparseInterval == 0)
            {
                int m = ((i + 1) / Config.SparseInterval) - 1;
                string sparse = $"moba.{m}.";
                Add(x, SparseAttention(LayerNorm(x, sparse + "ln1"), state.Sparse[m], sparse + "att.", m));
                Add(x, ChannelMix(LayerNorm(x, sparse + "ln2"), state.Sparse[m].FfnXPrev, sparse + "ffn."));
            }
        }

        state.TokenCount++;
        return Linear(LayerNorm(x, _prefix + "ln_out"), _prefix + "head.weight");
    }

    private double[] TimeMix(double[] h, ScalarState.RwkvLayer layer, string att, int i, double[] vFirst)
    {
        int C = Config.EmbeddingSize, N = Config.HeadSize;
        double[] Mix(string c) => Zip(h, layer.AttXPrev, T(att + "x_" + c), (now, before, mu) => now + ((before - now) * mu));
        double[] r = Linear(Mix("r"), att + "receptance.weight");
        double[] k = Linear(Mix("k"), att + "key.weight");
        double[] v = Linear(Mix("v"), att + "value.weight");
        double[] w = Map(Plus(Times(Map(Times(Mix("w"), att + "w1"), Math.Tanh), att + "w2"), att + "w0"), z => Math.Exp(-Math.Exp(-0.5) * Sigmoid(z)));
        double[] a = Map(Plus(Times(Times(Mix("a"), att + "a1"), att + "a2"), att + "a0"), Sigmoid);
        double[] g = Times(Map(Times(Mix("g"), att + "g1"), Sigmoid), att + "g2");
        if (i == 0)
        {
            v.CopyTo(vFirst, 0);
        }
        else
        {
            double[] nu = Map(Plus(Times(Times(Mix("v"), att + "v1"), att + "v2"), att + "v0"), Sigmoid);
            v = Zip(v, vFirst, nu, (mine, first, share) => mine + ((first - mine) * share));
        }

        double[] kappa = Zip(k, T(att + "k_k"), (kc, scale) => kc * scale);
        k = Zip(k, a, T(att + "k_a"), (kc, ac, share) => kc * (1 + ((ac - 1) * share)));
        float[] rk = T(att + "r_k"), lnWeight = T(att + "ln_x.weight"), lnBias = T(att + "ln_x.bias");
        double[] y = new double[C];
        for (int head = 0; head < Config.HeadCount; head++)
        {
            int c0 = head * N;
            double norm = Math.Max(Math.Sqrt(kappa.Skip(c0).Take(N).Sum(z => z * z)), 1e-12);
            double bonus = Enumerable.Range(c0, N).Sum(c => r[c] * k[c] * rk[c]);
            for (int row = 0; row < N; row++)
            {
                Span<double> s = layer.Wkv.AsSpan(((head * N) + row) * N, N); // S[row, :], row = value index
                double removed = 0; // (S·(−κ))[row]
                for (int j = 0; j < N; j++)
                    removed -= s[j] * kappa[c0 + j] / norm;
                for (int j = 0; j < N; j++)
                {
                    s[j] = (s[j] * w[c0 + j]) + (removed * kappa[c0 + j] / norm * a[c0 + j]) + (v[c0 + row] * k[c0 + j]);
                    y[c0 + row] += s[j] * r[c0 + j];
                }
            }

            Normalise(y.AsSpan(c0, N), GroupNormEps);
            for (int c = c0; c < c0 + N; c++)
                y[c] = ((y[c] * lnWeight[c]) + lnBias[c] + (bonus * v[c])) * g[c];
        }

        h.CopyTo(layer.AttXPrev, 0);
        return Linear(y, att + "output.weight");
    }

    private double[] ChannelMix(double[] h, double[] xPrev, string ffn)
    {
        double[] mixed = Zip(h, xPrev, T(ffn + "x_k"), (now, before, mu) => now + ((before - now) * mu));
        h.CopyTo(xPrev, 0);
        return Linear(Map(Linear(mixed, ffn + "key.weight"), z => z > 0 ? z * z : 0), ffn + "value.weight");
    }

    private double[] SparseAttention(double[] h, ScalarState.SparseLayer layer, string att, int m)
    {
        int N = Config.HeadSize, B = Config.MobaChunkSize;
        double[] q = Linear(h, att + "receptance.weight");
        layer.Keys.Add(Linear(h, att + "key.weight"));
        layer.Values.Add(Linear(h, att + "value.weight"));
        int position = layer.Keys.Count - 1, own = position / B;
        if (layer.Means.Count < own)
            layer.Means.Add(Mean(layer.Keys.GetRange((own - 1) * B, B)));
        double[] y = new double[q.Length];
        for (int head = 0; head < Config.HeadCount; head++)
        {
            int c0 = head * N;
            int[] chosen = Choose([.. layer.Means.Select(mean => Dot(q, mean, c0))], layer.Dropped, m, position, head);
            int[] rows = [.. chosen.SelectMany(chunk => Enumerable.Range(chunk * B, B)), .. Enumerable.Range(own * B, position + 1 - (own * B))];
            double[] scores = [.. rows.Select(row => Dot(q, layer.Keys[row], c0) / Math.Sqrt(N))];
            double max = scores.Max(), sum = scores.Sum(score => Math.Exp(score - max));
            for (int n = 0; n < rows.Length; n++)
            {
                for (int c = c0; c < c0 + N; c++)
                    y[c] += Math.Exp(scores[n] - max) / sum * layer.Values[rows[n]][c];
            }
        }

        return Linear(y, att + "output.weight");
    }

    /// <summary>The past chunks that a head attends to: the top-k − 1 by q·mean(keys), ties to the lower index.</summary>
    private int[] Choose(double[] scores, HashSet<int> dropped, int m, int position, int head)
    {
        int[] chosen = [.. Enumerable.Range(0, scores.Length).Where(chunk => !dropped.Contains(chunk))
            .OrderByDescending(chunk => scores[chunk]).ThenBy(chunk => chunk).Take(Config.MobaTopK - 1).Order()];
        return OnChoice is null || scores.Length - dropped.Count < Config.MobaTopK ? chosen : OnChoice(new ChunkChoice(m, position, head, scores, chosen));
    }

    private double Dot(double[] x, double[] y, int c0)
    {
        double sum = 0;
        for (int c = c0; c < c0 + Config.HeadSize; c++)
            sum += x[c] * y[c];
        return sum;
    }

    private static double[] Mean(List<double[]> rows) =>
        [.. Enumerable.Range(0, rows[0].Length).Select(c => rows.Average(row => row[c]))];

    private float[] T(string name) => _tensors[name];

    private double[] Row(string name, int row, int columns) => [.. T(name).AsSpan(row * columns, columns).ToArray().Select(z => (double)z)];

    /// <summary>W·x with W (O, K).</summary>
    private double[] Linear(double[] x, string name)
    {
        float[] weight = T(name);
        double[] y = new double[weight.Length / x.Length];
        for (int o = 0; o < y.Length; o++)
        {
            double sum = 0;
            for (int k = 0; k < x.Length; k++)
                sum += weight[(o * x.Length) + k] * x[k];
            y[o] = sum;
        }

        return y;
    }

    /// <summary>x·W with W (K, O), as the LoRA pairs are stored.</summary>
    private double[] Times(double[] x, string name)
    {
        float[] weight = T(name);
        double[] y = new double[weight.Length / x.Length];
        for (int k = 0; k < x.Length; k++)
        {
            for (int o = 0; o < y.Length; o++)
                y[o] += x[k] * weight[(k * y.Length) + o];
        }

        return y;
    }

    private double[] LayerNorm(double[] x, string name)
    {
        double[] y = [.. x];
        Normalise(y, LayerNormEps);
        return Zip(Zip(y, T(name + ".weight"), (z, weight) => z * weight), T(name + ".bias"), (z, bias) => z + bias);
    }

    private static void Normalise(Span<double> x, double eps)
    {
        double mean = 0, variance = 0;
        foreach (double z in x)
            mean += z / x.Length;
        foreach (double z in x)
            variance += (z - mean) * (z - mean) / x.Length;
        for (int c = 0; c < x.Length; c++)
            x[c] = (x[c] - mean) / Math.Sqrt(variance + eps);
    }

    private double[] Plus(double[] x, string name) => Zip(x, T(name), (z, bias) => z + bias);

    private static void Add(double[] x, double[] delta)
    {
        for (int c = 0; c < x.Length; c++)
            x[c] += delta[c];
    }

    private static double Sigmoid(double z) => 1 / (1 + Math.Exp(-z));

    private static double[] Map(double[] x, Func<double, double> f) => Array.ConvertAll(x, z => f(z));

    private static double[] Zip<T1>(double[] x, T1[] y, Func<double, T1, double> f) => [.. x.Zip(y, f)];

    private static double[] Zip<T1, T2>(double[] x, T1[] y, T2[] z, Func<double, T1, T2, double> f) =>
        [.. Enumerable.Range(0, x.Length).Select(c => f(x[c], y[c], z[c]))];
}
