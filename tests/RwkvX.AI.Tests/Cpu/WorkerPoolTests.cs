using RwkvX.AI.Cpu;
using Xunit;

namespace RwkvX.AI.Tests.Cpu;

public sealed class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Run_Body_RunsOncePerWorker(int threads)
    {
        using WorkerPool pool = new(threads);
        for (int round = 0; round < 50; round++)
        {
            int[] seen = new int[threads];
            pool.Run(worker => Interlocked.Increment(ref seen[worker.Index]));
            Assert.All(seen, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Run_CallersThread_IsWorkerZero()
    {
        using WorkerPool pool = new(2);
        int caller = Environment.CurrentManagedThreadId, zero = 0, one = 0;
        pool.Run(worker => (worker.Index == 0 ? ref zero : ref one) = Environment.CurrentManagedThreadId);
        Assert.Equal(caller, zero);
        Assert.NotEqual(caller, one);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Barrier_ManyPhases_EveryWorkerSeesAllOfThePhaseBefore(int threads)
    {
        const int Phases = 500;
        using WorkerPool pool = new(threads);
        int[] phase = new int[threads];
        int wrong = 0;
        pool.Run(worker =>
        {
            for (int p = 1; p <= Phases; p++)
            {
                phase[worker.Index] = p;
                worker.Barrier();
                foreach (int other in phase)
                {
                    if (other != p)
                    {
                        Interlocked.Increment(ref wrong);
                    }
                }

                worker.Barrier();
            }
        });
        Assert.Equal(0, wrong);
    }

    [Fact]
    public void Barrier_OneWorkerIsLate_SleepersAreWoken()
    {
        using WorkerPool pool = new(3);
        int passed = 0;
        for (int round = 0; round < 6; round++)
        {
            int late = round % 3;
            pool.Run(worker =>
            {
                if (worker.Index == late)
                {
                    Thread.Sleep(5); // far longer than the others spin
                }

                worker.Barrier();
                Interlocked.Increment(ref passed);
            });
        }

        Assert.Equal(18, passed);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Run_WorkerThrows_CallerGetsItAndPoolStaysUsable(int thrower)
    {
        using WorkerPool pool = new(3);
        for (int round = 0; round < 20; round++)
        {
            Assert.Throws<FormatException>(() => pool.Run(worker =>
            {
                worker.Barrier();
                if (worker.Index == thrower)
                {
                    throw new FormatException();
                }

                worker.Barrier();
                worker.Barrier();
            }));
            int sum = 0;
            pool.Run(worker =>
            {
                worker.Barrier();
                Interlocked.Add(ref sum, 1);
            });
            Assert.Equal(3, sum);
        }
    }

    [Fact]
    public void Run_WorkerSkipsABarrier_ThrowsInsteadOfHanging()
    {
        using WorkerPool pool = new(2);
        Assert.Throws<InvalidOperationException>(() => pool.Run(worker =>
        {
            if (worker.Index == 0)
            {
                worker.Barrier();
            }
        }));
    }

    [Fact]
    public void Run_FromABody_Throws()
    {
        using WorkerPool pool = new(1);
        Assert.Throws<InvalidOperationException>(() => pool.Run(_ => pool.Run(_ => { })));
    }

    [Fact]
    public void Run_SeveralCallers_TakeTurns()
    {
        using WorkerPool pool = new(2);
        int running = 0, most = 0, total = 0;
        Parallel.For(0, 40, _ => pool.Run(worker =>
        {
            if (worker.Index == 0)
            {
                most = Math.Max(most, Interlocked.Increment(ref running));
            }

            worker.Barrier();
            Interlocked.Increment(ref total);
            worker.Barrier();
            if (worker.Index == 0)
            {
                Interlocked.Decrement(ref running);
            }
        }));
        Assert.Equal(1, most);
        Assert.Equal(80, total);
    }

    [Fact]
    public void Run_AfterDispose_Throws()
    {
        WorkerPool pool = new(2);
        pool.Dispose();
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.Run(_ => { }));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(7, 1)]
    [InlineData(100, 6)]
    [InlineData(64, 64)]
    [InlineData(int.MaxValue, 64)]
    public void Slice_AnyTotal_CoversItWithoutOverlapAtTheGrain(int total, int grain)
    {
        using WorkerPool pool = new(3);
        (int Start, int End)[] slices = new (int, int)[3];
        pool.Run(worker => slices[worker.Index] = worker.Slice(total, grain));
        Assert.Equal(0, slices[0].Start);
        Assert.Equal(total, slices[2].End);
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(slices[i].End, slices[i + 1].Start);
            Assert.True(slices[i].End % grain == 0 || slices[i].End == total);
        }
    }
}
