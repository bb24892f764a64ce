using System.Globalization;
using System.Text;

namespace RwkvX.AI.Tests.Checkpoints;

/// <summary>A safetensors file as bytes, written by the format's description alone, every value through a mutator.</summary>
internal static class SafetensorsImage
{
    public static byte[] Make(IReadOnlyList<TensorSpec> tensors, Mutator? mutator = null)
    {
        Mutator m = mutator ?? Mutator.None;
        byte[] data = [.. tensors.SelectMany(tensor => tensor.Bytes())];
        int cut = m.Chance() ? m.Below(data.Length + 1) : 0;
        return [.. Header(tensors, m), .. data.AsSpan(cut)];
    }

    /// <summary>The file up to where the data start.</summary>
    public static byte[] Header(IReadOnlyList<TensorSpec> tensors, Mutator m)
    {
        var header = new StringBuilder("{\"__metadata__\":").Append(m.Chance() ? Junk(m) : "{\"format\":\"pt\"}");
        long begin = 0;
        foreach (TensorSpec tensor in tensors)
        {
            long end = begin + tensor.ByteLength;
            if (m.Chance())
                end = begin; // the data of the next overlap
            header.Append(',').Append(Text(m.Text(tensor.Name))).Append(':');
            header.Append(m.Chance() ? Junk(m) : Entry(tensor, begin, end, m));
            if (m.Chance())
                header.Append(',').Append(Text(tensor.Name)).Append(':').Append(Entry(tensor, begin, end, m));
            begin = end;
        }
        byte[] json = Encoding.UTF8.GetBytes(header.Append(m.Chance() ? Junk(m) : "}").ToString());
        return [.. BitConverter.GetBytes(m.Number(json.Length)), .. json];
    }

    private static string Entry(TensorSpec tensor, long begin, long end, Mutator m)
    {
        string[] fields =
        [
            $"\"dtype\":{Text(m.Text(tensor.Type.ToString()))}",
            $"\"shape\":{Array(tensor.Shape.Select(size => (long)size), m)}",
            $"\"data_offsets\":{Array([begin, end], m)}",
        ];
        string all = string.Join(",", fields.Where(_ => !m.Chance()));
        return "{" + all + (m.Chance() ? $",{fields[m.Below(3)]}" : "") + (m.Chance() ? $",\"more\":{Junk(m)}" : "") + "}";
    }

    private static string Array(IEnumerable<long> numbers, Mutator m)
        => "[" + string.Join(",", numbers.Select(n => m.Chance() ? Junk(m) : m.Number(n).ToString(CultureInfo.InvariantCulture))) + (m.Chance() ? ",1" : "") + "]";

    private static string Text(string text) => text == "\ud800" ? "\"\\ud800\"" : "\"" + text.Replace("\0", "\\u0000", StringComparison.Ordinal) + "\"";

    /// <summary>What no one expects in JSON, or is none.</summary>
    public static string Junk(Mutator m)
    {
        string[] junk =
        [
            "null", "true", "[]", "{}", "1e400", "1.5", "-0", "18446744073709551616", "\"text\"", "{\"a\":{\"b\":{}}}", "[[1]]", "\"\\u00zz\"", "nan", "}", "",
            new string('[', 200), string.Concat(Enumerable.Repeat("{\"a\":", 100)), "[" + string.Join(",", Enumerable.Repeat("1", 100)) + "]",
        ];
        return junk[m.Below(junk.Length)];
    }
}
