using System.Runtime.InteropServices;

namespace RwkvX.AI.Grammars.Machine;

/// <summary>
/// Property names of one object: the set of those that are used, and the one being read. Immutable entries under small numbers,
/// so that equal histories are equal numbers. Masks that are shared between objects do not know the names: they use the three negative entries.
/// </summary>
internal sealed class KeyTable
{
    /// <summary>A frame without keys.</summary>
    public const int None = 0;

    /// <summary>Unknown names used; a name is being read that was begun before.</summary>
    public const int UnknownBegun = -1;

    /// <summary>Unknown names used; none is being read.</summary>
    public const int UnknownIdle = -2;

    /// <summary>Unknown names used; a name is being read from its start.</summary>
    public const int UnknownFresh = -3;

    private readonly record struct Entry(int Used, int Partial);

    private readonly record struct Link(int Previous, int Value);

    private readonly List<Entry> _entries = [default];
    private readonly Dictionary<Entry, int> _entryNumbers = [];
    private readonly List<Link> _names = [default]; // 0: the empty name; a name is its beginning and a last byte
    private readonly Dictionary<Link, int> _nameNumbers = [];
    private readonly List<HashSet<int>> _sets = [[]]; // 0: the empty set
    private readonly Dictionary<Link, int> _setNumbers = [];

    /// <summary>The entry in which these names are used and none is being read.</summary>
    public int Initial(IReadOnlyList<byte[]> used)
    {
        int set = 0;
        foreach (byte[] name in used)
        {
            int number = 0;
            foreach (byte value in name) number = Name(number, value);
            set = Set(set, number);
        }

        return Number(new Entry(set, 0));
    }

    /// <summary>The entry after a further byte of the name.</summary>
    public int Append(int key, byte value) => Number(_entries[key] with { Partial = Name(_entries[key].Partial, value) });

    /// <summary>Whether the name as read so far is not used yet.</summary>
    public bool CanClose(int key) => !_sets[_entries[key].Used].Contains(_entries[key].Partial);

    /// <summary>The entry after the name's end.</summary>
    public int Close(int key) => Number(new Entry(Set(_entries[key].Used, _entries[key].Partial), 0));

    /// <summary>For every used name that begins with what was read so far: what is missing of it.</summary>
    public IEnumerable<byte[]> UsedEndings(int key)
    {
        Entry entry = _entries[key];
        foreach (int name in _sets[entry.Used])
        {
            List<byte> ending = [];
            int at = name;
            for (; at != entry.Partial && at != 0; at = _names[at].Previous) ending.Add((byte)_names[at].Value);
            if (at != entry.Partial) continue;
            ending.Reverse();
            yield return [.. ending];
        }
    }

    /// <summary>The same entry of another table.</summary>
    public int CopyTo(KeyTable other, int key)
    {
        if (key <= 0) return key;
        int set = 0;
        foreach (int name in _sets[_entries[key].Used].Order()) set = other.Set(set, CopyName(other, name));
        return other.Number(new Entry(set, CopyName(other, _entries[key].Partial)));
    }

    private int CopyName(KeyTable other, int name)
    {
        Stack<byte> bytes = [];
        for (; name != 0; name = _names[name].Previous) bytes.Push((byte)_names[name].Value);
        int copy = 0;
        while (bytes.TryPop(out byte value)) copy = other.Name(copy, value);
        return copy;
    }

    private int Name(int previous, byte value)
    {
        var link = new Link(previous, value);
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_nameNumbers, link, out bool exists);
        if (exists) return number;
        _names.Add(link);
        return number = _names.Count - 1;
    }

    private int Set(int previous, int name)
    {
        if (_sets[previous].Contains(name)) return previous;
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_setNumbers, new Link(previous, name), out bool exists);
        if (exists) return number;
        _sets.Add([.. _sets[previous], name]);
        return number = _sets.Count - 1;
    }

    private int Number(Entry entry)
    {
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_entryNumbers, entry, out bool exists);
        if (exists) return number;
        _entries.Add(entry);
        return number = _entries.Count - 1;
    }
}
