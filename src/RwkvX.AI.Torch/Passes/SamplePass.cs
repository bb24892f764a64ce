using System.Numerics;
using RwkvX.AI.Generation;
using RwkvX.AI.Torch.Cuda;

namespace RwkvX.AI.Torch.Passes;

/// <summary>Chooses tokens from logits on the device, as <see cref="Sampler"/> would: only the tokens come back.</summary>
/// <remarks>What samplers remember stays with them: draws, bans and counts travel with each step, since they are small.</remarks>
internal sealed class SamplePass : IDisposable
{
    private readonly CudaDevice _device;
    private readonly CudaStream _stream;
    private readonly CudaKernel _kernel;
    private readonly int _vocabSize;
    private DeviceMemory? _memory;
    private DeviceMemory? _candidates;
    private PinnedMemory? _pinned;

    public SamplePass(CudaDevice device, CudaStream stream, CudaKernel kernel, int vocabSize)
        => (_device, _stream, _kernel, _vocabSize) = (device, stream, kernel, vocabSize);

    /// <summary>Takes what <see cref="Run"/> needs, so that no draw and no pass is lost where it does not fit.</summary>
    /// <param name="samplers">Those of all runs to come.</param>
    /// <param name="together">How many of them a run has at most.</param>
    /// <exception cref="DeviceMemoryException">No room.</exception>
    public void Prepare(ReadOnlySpan<Sampler> samplers, int together)
    {
        long bytes = ChosenAt(samplers.Length, Ids(samplers)) + ((long)samplers.Length * sizeof(int));
        long size = (long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(bytes, 1 << 16));
        if (_memory is null || _memory.Bytes < bytes)
            Replace(ref _memory, size, "sampling");
        if (_pinned is null || _pinned.Bytes < bytes)
        {
            _pinned?.Dispose();
            _pinned = null;
            _pinned = new PinnedMemory(size);
        }
        bool ranked = false;
        foreach (Sampler sampler in samplers)
            ranked |= sampler.Options.Temperature != 0 && (sampler.Options.TopK > 0 || sampler.Options.TopP < 1);
        long candidates = ranked ? (long)Math.Min(samplers.Length, together) * _vocabSize * sizeof(ulong) : 0;
        if (candidates > (_candidates?.Bytes ?? 0))
            Replace(ref _candidates, candidates, "candidates of sampling");
    }

    /// <summary>Chooses one token a sampler and waits for them.</summary>
    /// <param name="logits">Device address of (…, V) f32; the rows asked for are overwritten.</param>
    /// <param name="samplers">(S) the samplers; they do not count the choice yet.</param>
    /// <param name="rows">(S) whose row of logits is whose.</param>
    /// <param name="tokens">(S) the tokens, or <see cref="ISamplingEngine.Broken"/> or <see cref="ISamplingEngine.NothingLeft"/>.</param>
    public unsafe void Run(ulong logits, ReadOnlySpan<Sampler> samplers, ReadOnlySpan<int> rows, Span<int> tokens)
    {
        Prepare(samplers, samplers.Length);
        int count = samplers.Length, ids = Ids(samplers);
        long idsAt = (long)count * sizeof(SampleRequest), countsAt = idsAt + (long)ids * sizeof(int), inputBytes = countsAt + (long)ids * sizeof(float), chosenAt = ChosenAt(count, ids);
        Fill(samplers, rows, _pinned!.Span<SampleRequest>(0, count), _pinned.Span<int>(idsAt, ids), _pinned.Span<float>(countsAt, ids));
        _stream.Upload(_pinned.Pointer, _memory!.Address, inputBytes);
        SampleArgs args = new()
        {
            Logits = logits,
            Requests = _memory.Address,
            Ids = _memory.Address + (ulong)idsAt,
            Counts = _memory.Address + (ulong)countsAt,
            Candidates = _candidates?.Address ?? 0,
            Chosen = _memory.Address + (ulong)chosenAt,
        };
        _kernel.Launch(_stream, args, count);
        _stream.Download(args.Chosen, _pinned.Pointer + chosenAt, (long)count * sizeof(int));
        _stream.Synchronize();
        _pinned.Span<int>(chosenAt, count).CopyTo(tokens);
    }

    public void Dispose()
    {
        _memory?.Dispose();
        _candidates?.Dispose();
        _pinned?.Dispose();
    }

    private static void Fill(ReadOnlySpan<Sampler> samplers, ReadOnlySpan<int> rows, Span<SampleRequest> requests, Span<int> ids, Span<float> counts)
    {
        int at = 0;
        for (int i = 0; i < samplers.Length; i++)
        {
            SamplingOptions options = samplers[i].Options;
            int banned = at;
            foreach (int token in options.BannedTokens)
                ids[at++] = token;
            int seen = at;
            if (samplers[i].Penalties is { } penalties)
                foreach (int token in penalties.Seen)
                    (ids[at], counts[at++]) = (token, penalties.CountOf(token));
            requests[i] = new SampleRequest
            {
                Draw = samplers[i].NextDraw(),
                Temperature = options.Temperature,
                TopP = options.TopP,
                MinP = options.MinP,
                Presence = options.PresencePenalty,
                Frequency = options.FrequencyPenalty,
                Repetition = options.RepetitionPenalty,
                TopK = options.TopK,
                Banned = banned,
                BannedCount = seen - banned,
                Seen = seen,
                SeenCount = at - seen,
                Row = rows[i],
            };
        }
    }

    /// <summary>Ids that samplers name: what they ban, and what they have seen.</summary>
    private static int Ids(ReadOnlySpan<Sampler> samplers)
    {
        int ids = 0;
        foreach (Sampler sampler in samplers)
            ids += sampler.Options.BannedTokens.Count + (sampler.Penalties?.Seen.Length ?? 0);
        return ids;
    }

    /// <summary>Where the choices begin: behind the requests, the ids and their counts.</summary>
    private static unsafe long ChosenAt(int samplers, int ids) => (((long)samplers * sizeof(SampleRequest)) + ((long)ids * (sizeof(int) + sizeof(float))) + 7) / 8 * 8;

    private void Replace(ref DeviceMemory? memory, long bytes, string what)
    {
        memory?.Dispose();
        memory = null;
        memory = new DeviceMemory(_device, bytes, what);
    }
}
