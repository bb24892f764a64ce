using RwkvX.AI.Training.Distributed;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Tests.Distributed;

/// <summary>A group whose processes are threads of this one.</summary>
internal sealed class ThreadGroup : IDisposable
{
    private readonly Barrier _barrier;
    private readonly Tensor[] _given;

    public ThreadGroup(int size)
    {
        (_barrier, _given) = (new Barrier(size), new Tensor[size]);
        Members = [.. Enumerable.Range(0, size).Select(rank => new Member(this, rank))];
    }

    /// <summary>The processes.</summary>
    public IReadOnlyList<IProcessGroup> Members { get; }

    /// <summary>Runs some work as every process, and gives what each returns.</summary>
    public T[] Run<T>(Func<IProcessGroup, T> work)
    {
        if (Members.Count == 1) return [work(Members[0])];
        Task<T>[] tasks = [.. Members.Select(member => Task.Factory.StartNew(() => work(member), TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        return Task.WhenAll(tasks).GetAwaiter().GetResult();
    }

    public void Dispose() => _barrier.Dispose();

    private sealed class Member(ThreadGroup group, int rank) : IProcessGroup
    {
        public int Rank => rank;

        public int Size => group._given.Length;

        public void Sum(Tensor tensor)
        {
            using DisposeScope scope = NewDisposeScope();
            group._given[rank] = tensor;
            group.Meet();
            Tensor sum = group._given.Skip(1).Aggregate(group._given[0].detach().clone(), (sum, other) => sum.add(other.detach()));
            group.Meet();
            using (no_grad()) tensor.copy_(sum);
        }

        public void Dispose()
        {
        }
    }

    private void Meet()
    {
        if (!_barrier.SignalAndWait(TimeSpan.FromMinutes(2))) throw new TimeoutException("another process of the group does not come");
    }
}
