namespace RwkvX.AI.Torch.States;

/// <summary>A page of keys and values of all sparse layers, shared by forks until one of them writes.</summary>
internal sealed class Page(ulong address, bool isAbsent = false)
{
    private int _references = 1;

    /// <summary>The device address.</summary>
    public ulong Address { get; } = address;

    /// <summary>Whether it stands for pages that were dropped: <see cref="StateStore.AbsentPage"/>.</summary>
    public bool IsAbsent { get; } = isAbsent;

    /// <summary>Whether more than one state refers to it.</summary>
    public bool IsShared => Volatile.Read(ref _references) > 1;

    public void Share() => Interlocked.Increment(ref _references);

    /// <summary>True where this was the last reference.</summary>
    public bool Release() => Interlocked.Decrement(ref _references) == 0;
}
