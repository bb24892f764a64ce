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
        using (BatchQueue queue = new(source, Stage, 2, new SingleProcess()))
        {
            for (int step = 2; step < Stage.Steps; step++)
                Assert.Equal([step * 2L, (step * 2L) + 1], queue.Take().Single().Tokens.Where((_, i) => i % 4 == 0));
        }

        Assert.Equal([4, 5, 6, 7, 8, 9], source.Read.Order());
    }

    /// <summary>What a source reads from is closed next.</summary>
    [Fact]
    public void Dispose_WhileReading_LeavesNothingReading()
    {
        SlowSource source = new();
        BatchQueue queue = new(source, Stage, 0, new SingleProcess());
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
