using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Tests.Checkpoints;

/// <summary>A PyTorch file as bytes, with each way in which tensors lie in storages.</summary>
internal static class PthImage
{
    /// <summary>Storages 0 (F32, 12), 1 (BF16, 16), 2 (F16, 4), 3 (I8, 6), 4 (F32, 2).</summary>
    private static readonly TensorSpec[] Storages =
        [new("0", TensorType.F32, 12), new("1", TensorType.BF16, 16), new("2", TensorType.F16, 4), new("3", TensorType.I8, 6), new("4", TensorType.F32, 2)];

    public static byte[] Make(bool deflate = false, bool zip64 = false, Mutator? mutator = null)
    {
        Mutator m = mutator ?? Mutator.None;
        List<(string, byte[])> files = [("model/data.pkl", Pickle(m))];
        files.Add(("model/byteorder", System.Text.Encoding.ASCII.GetBytes(m.Text("little"))));
        files.AddRange(Storages.Select(storage => ($"model/data/{storage.Name}", storage.Bytes())));
        return ZipImage.Make(files, deflate, zip64, m);
    }

    /// <summary>A file with a pickle that the test has written.</summary>
    public static byte[] Make(byte[] pickle)
        => ZipImage.Make([("model/data.pkl", pickle), .. Storages.Select(storage => ($"model/data/{storage.Name}", storage.Bytes()))]);

    private static byte[] Pickle(Mutator m)
    {
        var p = new PickleImage(m);
        p.Op(0x80).Op((byte)2).Global("collections", "OrderedDict").Op(')').Op('R').Put().Op('(');
        p.Text("rows").Tensor("FloatStorage", "0", 12, 0, [3, 4], [4, 1]);
        p.Text("slice").Tensor("FloatStorage", "0", 12, 4, [2, 4], [4, 1]); // shares the storage of rows
        p.Text("columns").Tensor("BFloat16Storage", "1", 16, 0, [4, 4], [1, 4]); // a transposed matrix
        p.Text("repeated").Tensor("BFloat16Storage", "1", 16, 3, [3, 2], [0, 5]); // an expanded one
        p.Text("scalar").Tensor("HalfStorage", "2", 4, 2, [], []);
        p.Text("empty").Tensor("HalfStorage", "2", 4, 4, [0, 4], [4, 1]);
        p.Text("w").Tensor("CharStorage", "3", 6, 0, [2, 3], [3, 1]);
        p.Text("w_scale").Tensor("FloatStorage", "4", 2, 0, [2], [1]);
        p.Text("parameter").Global("torch._utils", "_rebuild_parameter").Op('(').Tensor("FloatStorage", "4", 2, 1, [1], [1]);
        p.Op(0x88).Global("collections", "OrderedDict").Op(')').Op('R').Op('t').Op('R').Put();
        p.Op('u').Op('}').Text("_metadata").Op('}').Op('s').Op('b'); // attributes of the OrderedDict
        return p.Op('.').ToArray();
    }
}
