using Microsoft.Extensions.Time.Testing;
using RwkvX.AI.Chat;
using RwkvX.AI.Chat.Requests;
using Xunit;

namespace RwkvX.AI.Tests.Chat.Requests;

public sealed class RequestQueueTests
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EnterAsync_MoreThanMayRun_WaitInOrderAndSayForHowLong()
    {
        RequestQueue queue = new(2, 10, _time);
        RequestSlot first = await queue.EnterAsync(0, Cancellation), second = await queue.EnterAsync(0, Cancellation);
        Task<RequestSlot> third = queue.EnterAsync(0, Cancellation).AsTask();
        _time.Advance(TimeSpan.FromSeconds(1));
        Task<RequestSlot> fourth = queue.EnterAsync(0, Cancellation).AsTask();
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((2, 2), (queue.Active, queue.Queued));
        first.Dispose();
        first.Dispose(); // once is enough
        Assert.Equal(TimeSpan.FromSeconds(3), (await third).QueueTime);
        Assert.False(fourth.IsCompleted);
        second.Dispose();
        Assert.Equal(TimeSpan.FromSeconds(2), (await fourth).QueueTime);
        Assert.Equal((2, 0), (queue.Active, queue.Queued));
    }

    [Fact]
    public async Task EnterAsync_WithPriority_ComesEarlierButNotForever()
    {
        RequestQueue queue = new(1, 10, _time);
        RequestSlot running = await queue.EnterAsync(0, Cancellation);
        Task<RequestSlot> old = queue.EnterAsync(0, Cancellation).AsTask();
        _time.Advance(TimeSpan.FromSeconds(11)); // more than one step of priority is worth
        Task<RequestSlot> usual = queue.EnterAsync(0, Cancellation).AsTask(), urgent = queue.EnterAsync(1, Cancellation).AsTask();
        running.Dispose();
        RequestSlot next = await old;
        Assert.False(urgent.IsCompleted || usual.IsCompleted);
        next.Dispose();
        next = await urgent;
        Assert.False(usual.IsCompleted);
        next.Dispose();
        (await usual).Dispose();
    }

    [Fact]
    public async Task EnterAsync_QueueFull_IsRefusedWithAHint()
    {
        RequestQueue queue = new(2, 1, _time);
        for (int i = 0; i < 100; i++)
        {
            using RequestSlot slot = await queue.EnterAsync(0, Cancellation);
            _time.Advance(TimeSpan.FromSeconds(6)); // requests take 6 s here
        }

        using RequestSlot first = await queue.EnterAsync(0, Cancellation), second = await queue.EnterAsync(0, Cancellation);
        Assert.False(queue.IsFull);
        Task<RequestSlot> third = queue.EnterAsync(0, Cancellation).AsTask();
        Assert.True(queue.IsFull);
        RwkvXOverloadedException error = await Assert.ThrowsAsync<RwkvXOverloadedException>(async () => await queue.EnterAsync(0, Cancellation));
        Assert.Equal((1, TimeSpan.FromSeconds(6)), (error.QueueLength, error.RetryAfter)); // two places, two requests to wait for
        first.Dispose();
        (await third).Dispose();
    }

    [Fact]
    public async Task EnterAsync_CancelledWhileWaiting_MakesRoom()
    {
        RequestQueue queue = new(1, 1, _time);
        RequestSlot running = await queue.EnterAsync(0, Cancellation);
        using CancellationTokenSource source = new();
        Task<RequestSlot> cancelled = queue.EnterAsync(0, source.Token).AsTask();
        await source.CancelAsync();
        Assert.Equal(source.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled)).CancellationToken);
        Task<RequestSlot> next = queue.EnterAsync(0, Cancellation).AsTask();
        running.Dispose();
        (await next).Dispose();
        Assert.Equal((0, 0), (queue.Active, queue.Queued));
    }

    [Fact]
    public async Task Close_RefusesThoseThatWaitAndDrainsThoseThatRun()
    {
        RequestQueue queue = new(1, 5, _time);
        RequestSlot running = await queue.EnterAsync(0, Cancellation);
        Task<RequestSlot> waiting = queue.EnterAsync(0, Cancellation).AsTask();
        queue.Close();
        Assert.False((await Assert.ThrowsAsync<RwkvXStoppingException>(() => waiting)).WasRunning);
        await Assert.ThrowsAsync<RwkvXStoppingException>(async () => await queue.EnterAsync(0, Cancellation));
        Task drained = queue.DrainAsync(Cancellation);
        Assert.False(drained.IsCompleted);
        running.Dispose();
        await drained;
    }

    [Fact]
    public async Task Suspend_LetsOthersRun_AndComesBackBeforeThoseThatHaveNotBegun()
    {
        RequestQueue queue = new(1, 5, _time);
        RequestSlot slow = await queue.EnterAsync(0, Cancellation);
        Task<RequestSlot> second = queue.EnterAsync(0, Cancellation).AsTask(), third = queue.EnterAsync(10, Cancellation).AsTask();
        slow.Suspend();
        RequestSlot running = await third; // it had priority
        Assert.Equal((2, 1), (queue.Active, queue.Suspended));
        Task back = slow.ResumeAsync(Cancellation).AsTask();
        Assert.False(back.IsCompleted);
        queue.Close(); // those that run may still end, the slow one too
        running.Dispose();
        await back;
        await Assert.ThrowsAsync<RwkvXStoppingException>(() => second);
        Task drained = queue.DrainAsync(Cancellation);
        Assert.False(drained.IsCompleted);
        slow.Dispose();
        await drained;
        Assert.Equal((0, 0, 0), (queue.Active, queue.Suspended, queue.Queued));
    }

    [Fact]
    public async Task Dispose_WhileSuspended_LeavesNothing()
    {
        RequestQueue queue = new(1, 5, _time);
        RequestSlot slow = await queue.EnterAsync(0, Cancellation);
        slow.Suspend();
        RequestSlot other = await queue.EnterAsync(0, Cancellation);
        using CancellationTokenSource source = new();
        Task back = slow.ResumeAsync(source.Token).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => back);
        slow.Dispose();
        other.Dispose();
        Assert.Equal((0, 0, 0), (queue.Active, queue.Suspended, queue.Queued));
        (await queue.EnterAsync(0, Cancellation)).Dispose();
    }
}
