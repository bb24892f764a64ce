namespace RwkvX.AI.Torch.Cuda;

/// <summary>What an object has taken, given back in reverse order: when it is disposed, or when its constructor fails half-way.</summary>
internal sealed class Owned : IDisposable
{
    private readonly Stack<IDisposable> _taken = [];

    /// <summary>Takes something over and hands it on.</summary>
    public T Add<T>(T taken)
        where T : IDisposable
    {
        _taken.Push(taken);
        return taken;
    }

    public void Dispose()
    {
        while (_taken.TryPop(out IDisposable? last))
            last.Dispose();
    }
}
