namespace RwkvX.AI.Grammars.Machine;

/// <summary>Sorted items and flags, equal by content.</summary>
internal readonly struct ItemSet(Item[] items, int flags) : IEquatable<ItemSet>
{
    private readonly Item[] _items = items;
    private readonly int _flags = flags;

    public bool Equals(ItemSet other) => _flags == other._flags && _items.AsSpan().SequenceEqual(other._items);

    public override bool Equals(object? obj) => obj is ItemSet other && Equals(other);

    public override int GetHashCode()
    {
        uint hash = (uint)_flags;
        foreach (Item item in _items) hash = (hash * 16777619) ^ (uint)item.GetHashCode();
        return (int)hash;
    }
}
