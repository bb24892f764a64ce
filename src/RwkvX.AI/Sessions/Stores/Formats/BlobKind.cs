namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>The kinds of files of a store.</summary>
internal enum BlobKind
{
    Log,
    State,
    Pages,
}
