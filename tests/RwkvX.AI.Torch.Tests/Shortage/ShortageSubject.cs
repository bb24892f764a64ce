using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using RwkvX.AI.Cpu;
using RwkvX.AI.Generation;
using RwkvX.AI.Models;
using RwkvX.AI.Testing.Models;
using RwkvX.AI.Torch.States;

namespace RwkvX.AI.Torch.Tests.Shortage;

/// <summary>A model on the device and states with a past, which come from the CPU engine: no pass has run yet, so that the first needs everything.</summary>
internal sealed class ShortageSubject : IDisposable
{
    private const int Chunk = 16, Layers = 2, StateCount = 9;

    private static readonly TinyModel Tiny = TinyModel.Create(heads: 2, layers: 4, sparseLayers: Layers, chunkSize: Chunk);
    private static readonly Lazy<StateSnapshot[]> Past = new(() => [.. Enumerable.Range(0, StateCount).Select(i => PastOf(i))]);
    private static readonly Lazy<StateSnapshot> DroppedPast = new(() => PastOf(0, new PageId(0, 0), new PageId(0, 2), new PageId(1, 2)));

    private readonly Sampler[] _samplers = [.. Enumerable.Range(0, StateCount).Select(i => new Sampler(new SamplingOptions { Seed = i, TopK = 5, PresencePenalty = 0.5f, BannedTokens = [3, 4] }, Tiny.Config.VocabSize))];
    private readonly CudaModel _model;
    private readonly List<RwkvXState> _states = [];
    private readonly List<RwkvXState> _others = [];

    /// <summary>Loads the model, imports nine states, and forks the first three, so that their pages are shared.</summary>
    public ShortageSubject(CudaModelOptions options)
    {
        _model = CudaModel.Load(ModelTensors.Read(Tiny.Checkpoint, Chunk, Tiny.Config.MobaTopK), options);
        try
        {
            foreach (StateSnapshot past in Past.Value)
                _states.Add(_model.Import(past));
            for (int i = 0; i < 3; i++)
                _states.Add(_states[i].Fork());
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How models are loaded: compiled kernels of a fake compiler are not kept.</summary>
    public static CudaModelOptions Options() => new() { Precision = Precision.F32, PageBudgetBytes = 64 << 20, CountLooks = true, KernelCacheFolder = FakeDriver.IsHere ? "" : null };

    /// <summary>What is done to it, and what comes of it as text.</summary>
    public static IReadOnlyDictionary<string, Func<ShortageSubject, string>> Actions { get; } = new Dictionary<string, Func<ShortageSubject, string>>
    {
        ["create"] = subject => subject.TextOf(subject._model.CreateState()),
        ["fork"] = subject => subject.TextOf(subject._states[0].Fork()),
        ["import"] = subject => subject.TextOf(subject._model.Import(Past.Value[1])),
        ["import without some pages"] = subject => subject.TextOf(subject._model.Import(DroppedPast.Value)),
        ["drop pages"] = subject => subject.Drop(),
        ["prompt"] = subject => subject.Forward([100]),
        ["prompt of several passes"] = subject => subject.Forward([5000]),
        ["prompts"] = subject => subject.Forward([1, 40, 300]),
        ["sampled prompts"] = subject => subject.Sample([1, 40, 300]),
        ["step"] = subject => subject.Forward([1]),
        ["steps of three"] = subject => subject.Forward([1, 1, 1]),
        ["sampled steps"] = subject => subject.Sample([1, 1, 1, 1]),
        ["batch"] = subject => subject.Forward([.. Enumerable.Repeat(1, StateCount)]),
        ["sampled batch"] = subject => subject.Sample([.. Enumerable.Repeat(1, StateCount)]),
    };

    /// <summary>Takes all that the pools have left, so that the next page and the next state need memory of the device.</summary>
    public void Fill()
    {
        do
            _others.Add(_model.CreateState());
        while (_model.FreeStateBytes > 0);
        _model.Device.Use();
        ((CudaState)_others[0]).Reserve(_model.FreePageBytes / _model.PageBytes(1) * Chunk);
    }

    /// <summary>All that a failure must leave as it is: lengths, content, what is held.</summary>
    public string Text() => string.Join('\n', _states.Select(TextOfKept).Append(_model.HeldBytes.ToString()).Append(string.Join(' ', _samplers.Select(s => s.Penalties!.Seen.Length))));

    /// <summary>The same, and where the samplers' random numbers have got to; these go on by one.</summary>
    public string LastText() => $"{Text()}\n{string.Join(' ', _samplers.Select(s => s.NextDraw().ToString(CultureInfo.InvariantCulture)))}";

    public void Dispose()
    {
        foreach (RwkvXState state in _states.Concat(_others))
            state.Dispose();
        _model.Dispose();
    }

    private static StateSnapshot PastOf(int i, params PageId[] dropped)
    {
        using CpuModel cpu = Tiny.Engine();
        using RwkvXState state = cpu.CreateState();
        cpu.Forward(state, Tiny.Tokens(60 + (7 * i), seed: i), Memory<float>.Empty);
        state.DropPages(dropped);
        return cpu.Export(state);
    }

    private string Drop()
    {
        _states[0].DropPages([new PageId(0, 0), new PageId(0, 1), new PageId(1, 1)]);
        return "";
    }

    private string Forward(int[] lengths)
    {
        float[][] logits = [.. lengths.Select(_ => new float[Tiny.Config.VocabSize])];
        _model.Forward([.. lengths.Select((length, i) => new ForwardItem(_states[i], Tiny.Tokens(length, seed: 100 + i), logits[i]))]);
        return Hash(logits);
    }

    private string Sample(int[] lengths)
    {
        int[] tokens = new int[lengths.Length];
        ((ISamplingEngine)_model).ForwardAndSample([.. lengths.Select((length, i) => new ForwardItem(_states[i], Tiny.Tokens(length, seed: 100 + i), Memory<float>.Empty))], _samplers.AsSpan(0, lengths.Length).ToArray(), tokens);
        return string.Join(' ', tokens);
    }

    private string TextOf(RwkvXState state)
    {
        using (state)
            return TextOfKept(state);
    }

    private string TextOfKept(RwkvXState state)
    {
        StateSnapshot snapshot = _model.Export(state);
        float[][] recurrent = [.. snapshot.RwkvLayers.SelectMany(layer => new[] { layer.AttXPrev, layer.Wkv, layer.FfnXPrev }), .. snapshot.SparseLayers.Select(layer => layer.FfnXPrev)];
        PageSnapshot[] pages = [.. snapshot.SparseLayers.SelectMany(layer => layer.Pages)];
        string content = $"{Hash(recurrent)} {Hash([.. pages.Select(page => page.Mean ?? [])])} {Hash([.. pages.Select(page => MemoryMarshal.Cast<byte, float>(page.Keys.Span).ToArray())])}";
        int[] looks = [.. snapshot.SparseLayers.SelectMany(layer => layer.Looks)];
        return $"{state.TokenCount} tokens, valid {state.IsValid}, {state.PageBytes} bytes of pages, {state.DroppedPages} dropped, {content}, looks {string.Join(' ', looks)}";
    }

    private static string Hash(float[][] values)
        => Convert.ToHexString(SHA256.HashData([.. values.SelectMany(each => MemoryMarshal.AsBytes(each.AsSpan()).ToArray())]))[..16];
}
