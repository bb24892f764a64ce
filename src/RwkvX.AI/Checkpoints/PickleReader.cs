using System.Buffers.Binary;
using System.Text;

namespace RwkvX.AI.Checkpoints;

/// <summary>Reads the pickle of a state dict: a stack machine that knows a few opcodes and a few globals, and executes nothing.</summary>
/// <remarks>
/// Values are string, boxed long, boxed bool, <c>object[]</c> (a tuple), <c>Dictionary&lt;string, object&gt;</c>,
/// <see cref="PickleGlobal"/>, <see cref="PickleStorage"/> and <see cref="PickleTensor"/>. There is no recursion and no value is walked,
/// so depth and sharing cost a file nothing but its own bytes.
/// </remarks>
internal ref struct PickleReader
{
    private static readonly object MarkValue = new(), NoneValue = new(), True = true, False = false;
    private static readonly object[] EmptyTuple = [];

    private readonly string _file;
    private readonly AllocationBudget _budget;
    private readonly ReadOnlySpan<byte> _data;
    private readonly List<object> _memo = [];
    private object[] _stack = new object[64];
    private int _depth;
    private int _at;

    public PickleReader(string file, ReadOnlySpan<byte> data, AllocationBudget budget)
    {
        _file = file;
        _data = data;
        _budget = budget;
    }

    /// <summary>Runs the pickle; returns the dictionary that it builds.</summary>
    /// <exception cref="CheckpointException">It is damaged, or has an opcode or a global that no state dict needs.</exception>
    public Dictionary<string, object> ReadStateDict()
    {
        while (true)
        {
            var opcode = (PickleOpcode)Take(1)[0];
            if (opcode == PickleOpcode.Stop)
                break;
            Run(opcode);
        }
        return Pop() as Dictionary<string, object> ?? throw Wrong("a dictionary of tensors", "another value");
    }

    private void Run(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Proto:
                int protocol = Take(1)[0];
                if (protocol is < 2 or > 5)
                    throw Wrong("pickle protocol 2 to 5", $"{protocol}");
                break;
            case PickleOpcode.Frame: Take(8); break; // only a hint for buffering
            case PickleOpcode.Mark: Push(MarkValue); break;
            case PickleOpcode.None: Push(NoneValue); break;
            case PickleOpcode.NewTrue: Push(True); break;
            case PickleOpcode.NewFalse: Push(False); break;
            case PickleOpcode.BinInt: PushInteger(BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
            case PickleOpcode.BinInt1: PushInteger(Take(1)[0]); break;
            case PickleOpcode.BinInt2: PushInteger(BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
            case PickleOpcode.Long1: PushLong(Take(Take(1)[0])); break;
            case PickleOpcode.BinUnicode: PushText(Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))); break;
            case PickleOpcode.ShortBinUnicode: PushText(Take(Take(1)[0])); break;
            case PickleOpcode.EmptyTuple: Push(EmptyTuple); break;
            case PickleOpcode.Tuple: PushTuple(DepthOfMark(), above: 1); break;
            case PickleOpcode.Tuple1: PushTuple(DepthFor(1)); break;
            case PickleOpcode.Tuple2: PushTuple(DepthFor(2)); break;
            case PickleOpcode.Tuple3: PushTuple(DepthFor(3)); break;
            case PickleOpcode.EmptyDict: PushDictionary(); break;
            case PickleOpcode.SetItem: SetItems(DepthFor(2), above: 0); break;
            case PickleOpcode.SetItems: SetItems(DepthOfMark(), above: 1); break;
            case PickleOpcode.BinPut: Memoize(Take(1)[0]); break;
            case PickleOpcode.LongBinPut: Memoize(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))); break;
            case PickleOpcode.Memoize: Memoize((uint)_memo.Count); break;
            case PickleOpcode.BinGet: Recall(Take(1)[0]); break;
            case PickleOpcode.LongBinGet: Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))); break;
            case PickleOpcode.Global: PushGlobal(TakeLine(), TakeLine()); break;
            case PickleOpcode.StackGlobal:
                string name = Pop<string>("a name");
                PushGlobal(Pop<string>("a module"), name);
                break;
            case PickleOpcode.BinPersId: PushStorage(Pop<object[]>("a storage's tuple")); break;
            case PickleOpcode.Reduce:
                object[] arguments = Pop<object[]>("arguments");
                Reduce(Pop<PickleGlobal>("a known global"), arguments);
                break;
            case PickleOpcode.Build: // attributes of an OrderedDict (torch's _metadata): of no use here
                Pop();
                Push(Pop<Dictionary<string, object>>("a dictionary"));
                break;
            default:
                throw Wrong("an opcode of a state dict", $"0x{(byte)opcode:X2}");
        }
    }

    private void Reduce(PickleGlobal callable, object[] arguments)
    {
        switch (callable.Kind)
        {
            case PickleGlobalKind.OrderedDict when arguments.Length == 0:
                PushDictionary();
                break;
            case PickleGlobalKind.RebuildTensor when arguments.Length is 6 or 7:
                PushTensor(arguments);
                break;
            case PickleGlobalKind.RebuildParameter when arguments is [PickleTensor tensor, _, _]:
                Push(tensor);
                break;
            default:
                throw Wrong($"the arguments of {callable.Name}", $"{arguments.Length} others");
        }
    }

    /// <summary>('storage', type, key, location, count)</summary>
    private void PushStorage(object[] id)
    {
        if (id is not ["storage", PickleGlobal { Kind: PickleGlobalKind.Storage } type, string key, string, long and >= 0 and var count])
            throw Wrong("a storage's type, key, place and length", "another tuple");
        _budget.Charge(48, _file);
        Push(new PickleStorage(type.Type, key, count));
    }

    /// <summary>(storage, offset, sizes, strides, requires_grad, hooks[, metadata])</summary>
    private void PushTensor(object[] arguments)
    {
        if (arguments is not [PickleStorage storage, long and >= 0 and var offset, object[] sizes, object[] strides, ..]
            || sizes.Length != strides.Length || sizes.Length > TensorShape.MaxRank)
            throw Wrong("a tensor's storage, offset, sizes and strides", "other arguments");
        _budget.Charge(176, _file);
        var tensor = new PickleTensor(storage, offset, new int[sizes.Length], new long[sizes.Length]);
        for (int i = 0; i < sizes.Length; i++)
        {
            tensor.Shape[i] = sizes[i] is long and >= 0 and <= int.MaxValue and var size ? (int)size : throw Wrong($"sizes from 0 to {int.MaxValue}", "another");
            tensor.Strides[i] = strides[i] is long and >= 0 and var stride ? stride : throw Wrong("strides from 0 up", "another");
        }
        if (!TensorShape.TryCount(tensor.Shape, out _))
            throw Wrong("a shape whose elements can be counted", TensorShape.Format(tensor.Shape));
        Push(tensor);
    }

    private void PushInteger(long value)
    {
        _budget.Charge(24, _file);
        Push(value);
    }

    private void PushLong(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > sizeof(long))
            throw Wrong("an integer of at most 8 bytes", $"{bytes.Length}");
        long value = 0;
        for (int i = bytes.Length - 1; i >= 0; i--)
            value = i == bytes.Length - 1 ? (sbyte)bytes[i] : value << 8 | bytes[i];
        PushInteger(value);
    }

    private void PushText(ReadOnlySpan<byte> utf8)
    {
        _budget.ChargeString(utf8.Length, _file);
        Push(Encoding.UTF8.GetString(utf8));
    }

    private void PushDictionary()
    {
        _budget.Charge(96, _file);
        Push(new Dictionary<string, object>(StringComparer.Ordinal));
    }

    private void PushGlobal(ReadOnlySpan<char> module, ReadOnlySpan<char> name)
        => Push(PickleGlobal.Find(module, name) ?? throw Wrong("a global of a state dict", TensorShape.Printable($"{TensorShape.Printable(module)} {TensorShape.Printable(name)}")));

    /// <summary>Replaces the values from a depth on by a tuple of them.</summary>
    private void PushTuple(int depth, int above = 0)
    {
        int first = depth + above;
        if (_stack.AsSpan(first, _depth - first).Contains(MarkValue))
            throw Wrong("values", "a mark");
        _budget.Charge(24 + 8L * (_depth - first), _file);
        object[] tuple = _stack.AsSpan(first, _depth - first).ToArray();
        _depth = depth;
        Push(tuple);
    }

    private void SetItems(int depth, int above)
    {
        ReadOnlySpan<object> items = _stack.AsSpan(depth + above, _depth - depth - above);
        _depth = depth;
        if (items.Length % 2 != 0 || depth == 0 || _stack[depth - 1] is not Dictionary<string, object> dictionary)
            throw Wrong("keys and values over a dictionary", "others");
        for (int i = 0; i < items.Length; i += 2)
        {
            _budget.Charge(AllocationBudget.EntryBytes, _file);
            if (items[i] is not string key)
                throw Wrong("text as a key", "another value");
            if (!dictionary.TryAdd(key, items[i + 1]))
                throw Wrong($"one value for {TensorShape.Printable(key)}", "two");
        }
    }

    private void Memoize(uint index)
    {
        object value = Pop();
        if (index > (uint)_memo.Count)
            throw Wrong($"to remember a value as {_memo.Count}", $"{index}"); // picklers count up
        if (index < (uint)_memo.Count)
        {
            _memo[(int)index] = value;
        }
        else
        {
            _budget.Charge(AllocationBudget.EntryBytes, _file);
            _memo.Add(value);
        }
        Push(value);
    }

    private void Recall(uint index) => Push(index < (uint)_memo.Count ? _memo[(int)index] : throw Wrong($"a value remembered as {index}", "none"));

    private void Push(object value)
    {
        if (_depth == _stack.Length)
        {
            _budget.Charge(16L * _stack.Length + 24, _file);
            Array.Resize(ref _stack, 2 * _stack.Length);
        }
        _stack[_depth++] = value;
    }

    private object Pop()
    {
        object value = _stack[DepthFor(1)];
        _depth--;
        return value != MarkValue ? value : throw Wrong("a value", "a mark");
    }

    private T Pop<T>(string what)
        where T : class => Pop() as T ?? throw Wrong(what, "another value");

    private readonly int DepthFor(int values) => _depth >= values ? _depth - values : throw Wrong($"{values} values", $"{_depth}");

    private readonly int DepthOfMark()
    {
        int mark = _stack.AsSpan(0, _depth).LastIndexOf(MarkValue);
        return mark >= 0 ? mark : throw Wrong("a mark", "none");
    }

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count > _data.Length - _at)
            throw Wrong($"{count} more bytes", $"{_data.Length - _at}");
        _at += (int)count;
        return _data.Slice(_at - (int)count, (int)count);
    }

    private string TakeLine()
    {
        int length = _data[_at..].IndexOf((byte)'\n');
        if (length is < 0 or > 256)
            throw Wrong("a line of at most 256 bytes", length < 0 ? "none" : $"{length}");
        _budget.ChargeString(length, _file);
        return Encoding.UTF8.GetString(Take(length + 1)[..length]);
    }

    private readonly CheckpointException Wrong(string expected, string found) => new(_file, $"data.pkl at byte {_at}", expected, found);
}
