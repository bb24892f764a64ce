using RwkvX.AI.Training.Data;
using RwkvX.AI.Training.Distributed;
using RwkvX.AI.Training.Plans;
using RwkvX.AI.Training.Runs;
using Xunit;

namespace RwkvX.AI.Training.Tests.Data;

public sealed class BatchQueueTests
{
    private static readonly StagePlan Stage = new() { Name = "test", Length = 4, Batch = 2, Tokens = 4 * 2 * 5, LearningRate = 0, FinalLearningRate = 0, Data = [] };

    [Fact]
    public void Take_AllSteps_ReadsTheStageAndNothingBehindIt()
    {
        SlowSource source = new();
        using (BatchQueue queue = new(source, null, Stage, 2, new SingleProcess()))
        {
            for (int step = 2; step < Stage.Steps; step++)
                Assert.Equal([step * 2L, (step * 2L) + 1], queue.Take().Single().Tokens.Where((_, i) => i % 4 == 0));
        }

        Assert.Equal([4, 5, 6, 7, 8, 9], source.Read.Order());
    }

    /// <summary>Batches that forget come from a source of their own where there is one, under their numbers in the stage.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Take_StageThatForgets_ReadsThoseBatchesFromTheirSource(bool hasSource)
    {
        SlowSource source = new(), forgetting = new();
        using BatchQueue queue = new(source, hasSource ? forgetting : null, Stage with { ForgetEvery = 2, ForgetShare = 0.4 }, 0, new SingleProcess());
        bool[] forgets = [.. Enumerable.Range(0, Stage.Steps).Select(_ => queue.Take().Single().Forgets)];
        Assert.Equal([false, false, true, false, true], forgets);
        Assert.Equal(hasSource ? [0, 1, 2, 3, 6, 7] : [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], source.Read.Order());
        Assert.Equal(hasSource ? [4, 5, 8, 9] : [], forgetting.Read.Order());
    }

    /// <summary>What a source reads from is closed next.</summary>
    [Fact]
    public void Dispose_WhileReading_LeavesNothingReading()
    {
        SlowSource source = new();
        BatchQueue queue = new(source, null, Stage, 0, new SingleProcess());
        queue.Take();
        queue.Dispose();
        Assert.Equal(0, source.Reading);
        int read = source.Read.Length;
        Thread.Sleep(300);
        Assert.Equal(read, source.Read.Length);
    }

    /// <summary>Each token is the sequence's number; takes its time.</summary>
    private sealed class SlowSource : ISequenceSource
    {
        private readonly List<long> _read = [];
        private int _reading;

        public int Reading => Volatile.Read(ref _reading);

        public long[] Read
        {
            get
            {
                lock (_read) return [.. _read];
            }
        }

        void ISequenceSource.Read(long index, Span<int> tokens, Span<TokenKind> kinds)
        {
            Interlocked.Increment(ref _reading);
            Thread.Sleep(50);
            tokens.Fill((int)index);
            lock (_read) _read.Add(index);
            Interlocked.Decrement(ref _reading);
        }
    }
}
