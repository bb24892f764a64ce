using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using Xunit;

namespace RwkvX.AI.Tests.Checkpoints;

public sealed class ModelFilesTests : IDisposable
{
    private const string Manifest = """
        {"architecture":"rwkv-x","n_embd":64,"n_layer":2,"n_moba_layer":1,"head_size":64,"vocab_size":8,"moba_chunk_size":16,"moba_topk":5,"eos_token_id":0,"template":"world","unknown":[1],
        "generation":{"temperature":0.5,"top_p":0.9,"top_k":40,"min_p":0.1,"max_tokens":7,"repetition_penalty":1.1,"presence_penalty":-0.5,"frequency_penalty":0.25,"penalty_decay":0.99}}
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_Directory_ReadsWhatStandsInIt()
    {
        WriteModel();
        File.WriteAllText(_folder["config.json"], Manifest);
        File.WriteAllText(_folder["vocab.txt"], "1 'a' 1\n");
        using var files = ModelFiles.Open(_folder);
        RwkvXConfig config = ModelTensors.Read(files).Config;
        var generation = new GenerationDefaults
        {
            Temperature = 0.5f,
            TopP = 0.9f,
            TopK = 40,
            MinP = 0.1f,
            MaxTokens = 7,
            RepetitionPenalty = 1.1f,
            PresencePenalty = -0.5f,
            FrequencyPenalty = 0.25f,
            PenaltyDecay = 0.99f,
        };
        Assert.Equal((16, 5), (config.MobaChunkSize, config.MobaTopK));
        Assert.Equal(generation, files.Manifest!.Generation);
        Assert.Equal(_folder["vocab.txt"], files.VocabularyPath);
        Assert.Equal(Path.GetFileName((string)_folder), files.Name);
        using Stream vocabulary = files.OpenVocabulary()!;
        Assert.Equal(8, vocabulary.Length);
    }

    [Fact]
    public void Open_FileAlone_HasThePublishedDefaults()
    {
        SafetensorsWriter.Write(_folder["published-0.1B.safetensors"], Sources());
        using var files = ModelFiles.Open(_folder["published-0.1B.safetensors"]);
        Assert.Equal((2048, 3), (files.MobaChunkSize, files.MobaTopK));
        Assert.Equal("published-0.1B", files.Name);
        Assert.Null(files.Manifest);
        Assert.Null(files.VocabularyPath);
        Assert.Null(files.OpenVocabulary());
    }

    [Fact]
    public void Open_Options_OverrideTheDirectory()
    {
        WriteModel();
        File.WriteAllText(_folder["config.json"], Manifest);
        File.WriteAllText(_folder["other.txt"], "");
        using var files = ModelFiles.Open(_folder["model.safetensors"], new ModelFileOptions { MobaChunkSize = 8, MobaTopK = 2, VocabularyPath = _folder["other.txt"] });
        Assert.Equal((8, 2), (files.MobaChunkSize, files.MobaTopK));
        Assert.Equal(_folder["other.txt"], files.VocabularyPath);
        Assert.Throws<ArgumentOutOfRangeException>(() => ModelFiles.Open(_folder, new ModelFileOptions { MobaTopK = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => ModelFiles.Open(_folder, new ModelFileOptions { MobaChunkSize = -1 }));
    }

    [Fact]
    public void Open_PthDirectory_IsFound()
    {
        File.Copy(Fixture.Golden("rwkv7-plain/model.pth"), _folder["model.pth"]);
        using var files = ModelFiles.Open(_folder);
        Assert.Equal(0, ModelTensors.Read(files).Config.SparseLayerCount);
    }

    [Fact]
    public void Open_MissingParts_AreNamed()
    {
        AssertRefused(() => ModelFiles.Open(_folder), $"{(string)_folder}: expected model.safetensors or model.pth, found neither");
        AssertRefused(() => ModelFiles.Open(_folder["none"]), $"{_folder["none"]}: expected a file, found none");
        WriteModel();
        AssertRefused(() => ModelFiles.Open(_folder, new ModelFileOptions { VocabularyPath = _folder["v"] }), $"{_folder["v"]}: expected a vocabulary, found no file");
    }

    [Theory]
    [InlineData("\"n_embd\":64", "\"n_embd\":128", "n_embd: expected 64 as in the tensors, found 128")]
    [InlineData("\"n_layer\":2", "\"n_layer\":3", "n_layer: expected 2 as in the tensors, found 3")]
    [InlineData("\"n_moba_layer\":1", "\"n_moba_layer\":0", "n_moba_layer: expected 1 as in the tensors, found 0")]
    [InlineData("\"head_size\":64", "\"head_size\":32", "head_size: expected 64 as in the tensors, found 32")]
    [InlineData("\"vocab_size\":8", "\"vocab_size\":9", "vocab_size: expected 8 as in the tensors, found 9")]
    [InlineData("\"eos_token_id\":0", "\"eos_token_id\":8", "eos_token_id: expected a token below 8, found 8")]
    [InlineData("rwkv-x", "llama", "architecture: expected rwkv-x, found llama")]
    [InlineData("\"moba_topk\":5", "\"moba_topk\":0", "moba_topk: expected 1 to 65536, found 0")]
    [InlineData("\"moba_chunk_size\":16", "\"moba_chunk_size\":2147483647", "moba_chunk_size: expected 1 to 1048576, found 2147483647")]
    [InlineData("\"temperature\":0.5", "\"temperature\":-1", "generation.temperature: expected a number from 0 up, found -1")]
    [InlineData("\"temperature\":0.5", "\"temperature\":1e999", "generation.temperature: expected a number from 0 up, found Infinity")]
    [InlineData("\"top_p\":0.9", "\"top_p\":0", "generation.top_p: expected a number above 0, up to 1, found 0")]
    [InlineData("\"n_layer\":2", "\"n_layer\":2,\"n_layer\":2", "not the JSON of a model's configuration")]
    [InlineData("\"n_layer\":2", "\"n_layer\":2.5", "not the JSON of a model's configuration")]
    public void Read_WrongManifest_IsRefusedByField(string part, string replacement, string message)
    {
        WriteModel();
        File.WriteAllText(_folder["config.json"], Manifest.Replace(part, replacement, StringComparison.Ordinal));
        AssertRefused(() =>
        {
            using var files = ModelFiles.Open(_folder);
            ModelTensors.Read(files);
        }, $"{_folder["config.json"]}: {message}");
    }

    private static TensorSource[] Sources() => [.. ModelImage.Tensors().Select(spec => new TensorSource(spec.Name, spec.Type, spec.Shape, stream => stream.Write(spec.Bytes())))];

    private void WriteModel() => SafetensorsWriter.Write(_folder["model.safetensors"], Sources());

    private static void AssertRefused(Action open, string message) => Assert.StartsWith(message, Assert.Throws<CheckpointException>(open).Message, StringComparison.Ordinal);
}
