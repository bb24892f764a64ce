using RwkvX.AI.Evaluation.Tasks;
using RwkvX.AI.Tokenization;
using RwkvX.AI.Training.Plans;

namespace RwkvX.AI.Training.Data;

/// <summary>Opens the sources that a plan names.</summary>
internal sealed class SequenceSources : IDisposable
{
    private readonly string _folder;
    private readonly Func<WorldTokenizer> _tokenizer;
    private readonly Dictionary<string, TokenShard> _shards = [];

    /// <param name="folder">What paths are relative to.</param>
    /// <param name="tokenizer">Called where a generator needs one.</param>
    public SequenceSources(string folder, Func<WorldTokenizer> tokenizer) => (_folder, _tokenizer) = (folder, tokenizer);

    /// <summary>The mixture of a stage.</summary>
    /// <exception cref="PlanException">A source is unknown, or of another vocabulary.</exception>
    public ISequenceSource Open(StagePlan stage, int seed, int vocabSize) => Mix(stage.Data, stage, seed, vocabSize);

    /// <summary>The mixture of a stage's batches that forget; null where it has none of its own.</summary>
    /// <exception cref="PlanException">A source is unknown, or of another vocabulary.</exception>
    public ISequenceSource? OpenForgetting(StagePlan stage, int seed, int vocabSize) => stage.ForgetData is { } data ? Mix(data, stage, unchecked(seed + 65_537), vocabSize) : null;

    public void Dispose()
    {
        foreach (TokenShard shard in _shards.Values) shard.Dispose();
    }

    private ISequenceSource Mix(IReadOnlyList<SourcePlan> data, StagePlan stage, int seed, int vocabSize)
    {
        List<ISequenceSource> sources = [.. data.Select((plan, i) => Open(plan, stage, unchecked((seed * 31) + i), vocabSize))];
        return sources.Count == 1 ? sources[0] : new SourceMixture(sources, [.. data.Select(plan => plan.Weight)], seed);
    }

    private ISequenceSource Open(SourcePlan plan, StagePlan stage, int seed, int vocabSize)
    {
        if (plan.Shards is { } paths) return new ShardSource([.. paths.Select(path => Shard(path, vocabSize))], stage.Length, seed);
        string name = plan.Task ?? throw new PlanException($"stage {stage.Name}: data: expected 'shards' or 'task', found neither");
        try
        {
            WorldTokenizer tokenizer = _tokenizer();
            ShardProse? prose = plan.FillerShards is { } filler ? new ShardProse([.. filler.Select(path => Shard(path, vocabSize))], tokenizer) : null;
            TaskGenerator generator = TaskGenerators.Open(name, WordSplit.Training, prose is null ? null : prose.Paragraph);
            return new TaskSource(generator, tokenizer, plan.MinLength, stage.Length, seed);
        }
        catch (ArgumentException e)
        {
            throw new PlanException($"stage {stage.Name}: task: {e.Message}", e);
        }
    }

    private TokenShard Shard(string path, int vocabSize)
    {
        string full = Path.GetFullPath(path, _folder);
        if (!_shards.TryGetValue(full, out TokenShard? shard)) _shards[full] = shard = TokenShard.Open(full);
        if (shard.VocabSize > vocabSize) throw new PlanException($"{full}: expected a vocabulary of at most {vocabSize}, found {shard.VocabSize}");
        return shard;
    }
}
