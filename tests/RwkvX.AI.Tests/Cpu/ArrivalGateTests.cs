using RwkvX.AI.Cpu;
using Xunit;

namespace RwkvX.AI.Tests.Cpu;

public sealed class ArrivalGateTests
{
    [Fact]
    public void Enter_ManyWaiting_LetsThemInInOrderOfArrival()
    {
        ArrivalGate gate = new();
        List<int> order = [];
        gate.Enter();
        Thread[] threads = [.. Enumerable.Range(0, 5).Select(i => StartWaiting(gate, () => order.Add(i)))];
        gate.Exit();
        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal([0, 1, 2, 3, 4], order);
    }

    [Fact]
    public void Enter_CancelledWhileWaiting_ThrowsAndTheNextGetsIn()
    {
        ArrivalGate gate = new();
        using CancellationTokenSource source = new();
        gate.Enter();
        bool cancelled = false, entered = false;
        Thread first = StartWaiting(gate, () => { }, () => cancelled = true, source.Token);
        Thread second = StartWaiting(gate, () => entered = true);
        source.Cancel();
        first.Join();
        Assert.True(cancelled);
        gate.Exit();
        second.Join();
        Assert.True(entered);
    }

    private static Thread StartWaiting(ArrivalGate gate, Action inside, Action? onCancelled = null, CancellationToken token = default)
    {
        Thread thread = new(() =>
        {
            try
            {
                gate.Enter(token);
            }
            catch (OperationCanceledException)
            {
                onCancelled?.Invoke();
                return;
            }

            inside();
            gate.Exit();
        });
        thread.Start();
        while (!thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin)) // it has queued up before the next one starts
            Thread.Yield();
        return thread;
    }
}
