using RwkvX.AI.Models;

namespace RwkvX.AI.Memory;

/// <summary>A full page of a history, as far as states in main memory hold it: once, whichever of them do.</summary>
internal sealed class HostPage
{
    /// <summary>The page, in plain memory; null while no state holds it, or while the first one is on its way.</summary>
    public PageSnapshot? Content { get; set; }

    /// <summary>States that hold it.</summary>
    public int Holders { get; set; }

    /// <summary>Bytes of keys, values and mean.</summary>
    public static long BytesOf(PageSnapshot page) => page.Keys.Length + page.Values.Length + ((page.Mean?.Length ?? 0) * (long)sizeof(float));
}
