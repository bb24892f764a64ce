namespace RwkvX.AI.Models;

/// <summary>Keeps the keys and values of a snapshot's pages readable where they are, until it is disposed.</summary>
/// <remarks>Pages stay readable as long as any hold on them is left. Thread-safe.</remarks>
public interface IPageLease : IDisposable
{
    /// <summary>One more hold on the same pages, for whoever reads them later.</summary>
    /// <exception cref="ObjectDisposedException">Every hold was disposed.</exception>
    IPageLease Share();
}
