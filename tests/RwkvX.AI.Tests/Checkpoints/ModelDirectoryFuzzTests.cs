using System.Text;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using Xunit;

namespace RwkvX.AI.Tests.Checkpoints;

/// <summary>Model directories: config.json against its own form and against the tensors, and tensors that are a model or nearly one.</summary>
public sealed class ModelDirectoryFuzzTests
{
    private static readonly List<TensorSpec>[] Models =
    [
        ModelImage.Tensors(), ModelImage.Tensors(int8: true), ModelImage.Tensors(layers: 1, sparseLayers: 0, prefix: ""), ModelImage.Tensors(layers: 2, sparseLayers: 2),
    ];

    private static readonly byte[][] Headers = [.. Models.Select(model => SafetensorsImage.Header(model, Mutator.None))];

    // Nobody reads the elements, so every case's data are what the buffer holds.
    private readonly byte[] _buffer = new byte[1 << 20];

    private sealed record Case(ReadOnlyMemory<byte> Tensors, byte[] Manifest)
    {
        public long Length => Tensors.Length + Manifest.Length;
    }

    [Fact]
    public void Read_HundredThousandWrongDirectories_ReadsOrThrowsCheckpointException() => FuzzRun.Run(Make, file => file.Length, static file =>
    {
        using var checkpoint = Checkpoint.Open(CheckpointMemory.Over(file.Tensors, "fuzzed"));
        using var files = new ModelFiles(checkpoint, ModelManifest.Parse("config.json", file.Manifest), "config.json", "fuzzed");
        ModelTensors.Read(files);
    });

    [Fact]
    public void Open_WrongDirectoriesOnDisk_ReadsOrThrowsCheckpointException()
    {
        using var folder = new TemporaryFolder();
        FuzzRun.Run(Make, file => file.Length, file =>
        {
            File.WriteAllBytes(folder["model.safetensors"], file.Tensors.ToArray());
            File.WriteAllBytes(folder["config.json"], file.Manifest);
            using var files = ModelFiles.Open(folder);
            ModelTensors.Read(files);
        }, 300);
    }

    private Case Make(Random random)
    {
        int kind = random.Next(Models.Length);
        List<TensorSpec> model = Models[kind];
        var sometimes = new Mutator(random, random.Next(2) == 0 ? 0.03 : 0);
        byte[] manifest = Encoding.UTF8.GetBytes(Manifest(model, sometimes));
        if (random.Next(8) == 0)
            manifest = Mutator.Damage(manifest, random);
        byte[] header = Headers[kind];
        if (random.Next(2) == 0)
        {
            model = Change(model, random);
            header = SafetensorsImage.Header(model, new Mutator(random, random.Next(4) == 0 ? 0.0002 : 0));
        }
        header.CopyTo(_buffer, 0);
        return new Case(_buffer.AsMemory(0, header.Length + model.Sum(tensor => tensor.ByteLength)), manifest);
    }

    /// <summary>One tensor less, or of another name, type or shape.</summary>
    private static List<TensorSpec> Change(List<TensorSpec> model, Random random)
    {
        List<TensorSpec> changed = [.. model];
        int at = random.Next(changed.Count);
        TensorSpec tensor = changed[at];
        switch (random.Next(7))
        {
            case 0: changed.RemoveAt(at); break;
            case 1: changed[at] = tensor with { Type = (TensorType)random.Next(6) }; break;
            case 2: changed[at] = tensor with { Shape = [.. tensor.Shape.Reverse()] }; break;
            case 3: changed[at] = tensor with { Shape = [.. tensor.Shape.Select(size => random.Next(3) == 0 ? random.Next(4) * size / 2 : size)] }; break;
            case 4: changed[at] = tensor with { Shape = [1, .. tensor.Shape] }; break;
            case 5: changed[at] = tensor with { Name = tensor.Name.Replace($"{random.Next(2)}", $"{random.Next(2) * random.Next()}", StringComparison.Ordinal) }; break;
            default: changed.Add(new TensorSpec($"moba.{random.Next(5)}.{random.Next(3)}", TensorType.F16, 1)); break;
        }
        return changed;
    }

    private static string Manifest(List<TensorSpec> model, Mutator m)
    {
        int layers = model.Count(tensor => tensor.Name.EndsWith("ln_x.bias", StringComparison.Ordinal));
        int sparseLayers = model.Count(tensor => tensor.Name.StartsWith("moba.", StringComparison.Ordinal) && tensor.Name.EndsWith("ln1.bias", StringComparison.Ordinal));
        (string Name, object Value)[] fields =
        [
            ("architecture", "rwkv-x"), ("name", "tiny"), ("n_embd", 64L), ("n_layer", (long)layers), ("n_moba_layer", (long)sparseLayers), ("head_size", 64L),
            ("vocab_size", 8L), ("moba_chunk_size", 16L), ("moba_topk", 3L), ("eos_token_id", 0L), ("template", "world"),
        ];
        (string Name, object Value)[] generation =
            [("temperature", 1L), ("top_p", 1L), ("top_k", 0L), ("min_p", 0L), ("max_tokens", 10L), ("repetition_penalty", 1L), ("penalty_decay", 1L)];
        return Object([.. fields.Select(field => Field(field, m)), $"\"generation\":{(m.Chance() ? SafetensorsImage.Junk(m) : Object([.. generation.Select(field => Field(field, m))], m))}"], m);
    }

    private static string Object(List<string> fields, Mutator m)
    {
        if (m.Chance())
            fields.Add(fields[m.Below(fields.Count)]); // a field twice
        if (m.Chance())
            fields.RemoveAt(m.Below(fields.Count));
        if (m.Chance())
            fields.Add($"\"more\":{SafetensorsImage.Junk(m)}");
        return "{" + string.Join(",", fields) + "}";
    }

    private static string Field((string Name, object Value) field, Mutator m)
    {
        string value = field.Value is string text ? $"\"{m.Text(text).Replace("\0", "", StringComparison.Ordinal)}\"" : $"{m.Number((long)field.Value)}";
        return $"\"{field.Name}\":{(m.Chance() ? SafetensorsImage.Junk(m) : value)}";
    }
}
