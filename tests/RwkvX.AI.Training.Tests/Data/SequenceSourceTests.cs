using RwkvX.AI.Evaluation.Tasks;
using RwkvX.AI.Testing;
using RwkvX.AI.Tokenization;
using RwkvX.AI.Training.Data;
using RwkvX.AI.Training.Plans;
using Xunit;

namespace RwkvX.AI.Training.Tests.Data;

public sealed class SequenceSourceTests
{
    private static readonly WorldTokenizer Tokenizer = WorldTokenizer.Load(Repository.EmbeddedVocabulary);

    [Fact]
    public void ShardSource_AnEpoch_ShowsEveryWindowOnce_InAnotherOrderNextTime()
    {
        using TestFolder folder = new();
        using TokenShard shard = Shard(folder, 1000);
        ShardSource source = new([shard], 50, seed: 1);
        int[][] epochs = [.. Enumerable.Range(0, 2).Select(epoch => Enumerable.Range(0, source.WindowCount).Select(i => Read(source, (epoch * source.WindowCount) + i, 51)[0]).ToArray())];
        foreach (int[] starts in epochs)
        {
            int[] sorted = [.. starts.Order()];
            Assert.All(Enumerable.Range(1, sorted.Length - 1), i => Assert.Equal(50, sorted[i] - sorted[i - 1]));
        }

        Assert.NotEqual(epochs[0], epochs[1]);
        Assert.Equal(Read(source, 7, 51), Read(new ShardSource([shard], 50, seed: 1), 7, 51));
    }

    [Fact]
    public void SourceMixture_Locate_CountsEachSourceWithoutGaps()
    {
        using TestFolder folder = new();
        using TokenShard shard = Shard(folder, 1000);
        ShardSource source = new([shard], 50, 1);
        SourceMixture mixture = new([source, source], [0.25, 0.75], seed: 3);
        (int Source, long Number)[] all = [.. Enumerable.Range(0, 3000).Select(i => mixture.Locate(i))];
        foreach (int which in new[] { 0, 1 })
            Assert.Equal(Enumerable.Range(0, all.Count(one => one.Source == which)).Select(i => (long)i), all.Where(one => one.Source == which).Select(one => one.Number));
        Assert.InRange(all.Count(one => one.Source == 0), 650, 850);
        Assert.Equal(all[2500], new SourceMixture([source, source], [0.25, 0.75], seed: 3).Locate(2500));
    }

    [Fact]
    public void TaskSource_Read_KindsFollowTheParts_AndTheTextComesBack()
    {
        TaskDocument document = new([new("Text:\n", PartKind.Question), new("It rains. ", PartKind.Filler), new("Ada lives in Rome.", PartKind.Fact),
            new("\n\nUser: Where?\n\nAssistant:", PartKind.Question), new(" In Rome.\n\n", PartKind.Answer)]);
        int[] tokens = new int[200];
        TokenKind[] kinds = new TokenKind[200];
        int count = TaskSource.Append(document, Tokenizer, tokens, kinds);
        Assert.Equal(0, tokens[count - 1]);
        Assert.Equal(document.Text, Tokenizer.Decode(tokens[..(count - 1)]));
        string Of(TokenKind kind) => Tokenizer.Decode(Enumerable.Range(0, count - 1).Where(i => kinds[i] == kind).Select(i => tokens[i]));
        Assert.Equal(" In Rome.\n\n", Of(TokenKind.Answer));
        Assert.Contains("lives in Rome", Of(TokenKind.Fact), StringComparison.Ordinal);
    }

    [Fact]
    public void DataReport_Read_ShowsTextByKind_AndSharesThatSumToOne()
    {
        TrainingPlan plan = new()
        {
            Model = new ModelPlan { New = new NewModelPlan(64, 1, 0, 4096), Vocabulary = Repository.EmbeddedVocabulary },
            Stages = [new StagePlan { Name = "one", Length = 400, Batch = 1, Tokens = 400, LearningRate = 1, FinalLearningRate = 1, Data = [new SourcePlan { Task = "facts", MinLength = 100 }] }],
        };
        var report = DataReport.Read(plan, Repository.Root, 0, 5, 4);
        Assert.Equal(1, report.Shares.Sum(), 6);
        Assert.True(report.Shares[(int)TokenKind.Answer] > 0.02 && report.TokensPerSecond > 0);
        Assert.Equal(4, report.Texts.Count);
        Assert.Equal([new DataReport.Source("facts from 100", 1, report.Shares[(int)TokenKind.Answer], 1)], report.Sources);
        Assert.Contains("⟦Answer⟧", report.Texts[0], StringComparison.Ordinal);
    }

    [Fact]
    public void DataReport_Read_TakesTheVocabularyBesideTheModel_AndShowsWhatForgets()
    {
        SourcePlan[] Of(string task) => [new SourcePlan { Task = task, MinLength = 100 }];
        StagePlan stage = new() { Name = "one", Length = 400, Batch = 1, Tokens = 400, LearningRate = 1, FinalLearningRate = 1, Data = Of("facts"), ForgetEvery = 100, ForgetData = Of("passkey") };
        TrainingPlan plan = new() { Model = new ModelPlan { From = "models/rwkvx-12m" }, Stages = [stage, stage with { Name = "two", ForgetData = null }] };
        Assert.DoesNotContain("The pass key is", DataReport.Read(plan, Repository.Root, 0, 0, 1).Texts[0], StringComparison.Ordinal);
        Assert.Contains("The pass key is", DataReport.Read(plan, Repository.Root, 0, 0, 1, forgetting: true).Texts[0], StringComparison.Ordinal);
        Assert.Contains("stage two: expected forget_data, found none", Assert.Throws<PlanException>(() => DataReport.Read(plan, Repository.Root, 1, 0, 1, forgetting: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DataReport_Read_TellsWhatEachSourceBrings()
    {
        SourcePlan Of(string task) => new() { Task = task, MinLength = 100 };
        TrainingPlan plan = new()
        {
            Model = new ModelPlan { From = "models/rwkvx-12m" },
            Stages = [new StagePlan { Name = "one", Length = 400, Batch = 1, Tokens = 400, LearningRate = 1, FinalLearningRate = 1, Data = [Of("facts"), Of("passkey")] }],
        };
        DataReport.Source[] brought = [.. DataReport.Read(plan, Repository.Root, 0, 0, 20).Sources];
        Assert.Equal(["facts from 100", "passkey from 100"], brought.Select(source => source.Name));
        Assert.All([brought.Sum(source => source.Tokens), brought.Sum(source => source.Weight)], sum => Assert.Equal(1, sum, 6));
        Assert.True(brought[0].Answers > brought[1].Answers);
    }

    [Theory]
    [InlineData(0, 3, 3, 3)]
    [InlineData(0.05, 15, 3, 60)]
    public void TokenWeights_FewAnswersOfADocument_CountAsAShareOfIt(double share, float few, float many, float one)
    {
        StagePlan stage = new()
        {
            Name = "one",
            Length = 8,
            Batch = 1,
            Tokens = 8,
            LearningRate = 1,
            FinalLearningRate = 1,
            Data = [],
            AnswerShare = share,
            LossWeights = new Dictionary<string, double> { ["answer"] = 3, ["filler"] = 0.5 },
        };
        (int[] tokens, TokenKind[] kinds) = ([], []);
        foreach ((int length, int answers) in new[] { (100, 1), (20, 10), (2000, 1) }) // each ends with token 0
        {
            tokens = [.. tokens, .. Enumerable.Repeat(7, length - 1), 0];
            kinds = [.. kinds, .. Enumerable.Repeat(TokenKind.Filler, length - 1 - answers), .. Enumerable.Repeat(TokenKind.Answer, answers), TokenKind.Prose];
        }

        float[] weights = new TokenWeights(stage).Of(tokens, kinds);
        Assert.Equal([few, .. Enumerable.Repeat(many, 10), one], weights.Where((_, i) => kinds[i] == TokenKind.Answer)); // the last is counted twenty times and not a hundred
        Assert.All(Enumerable.Range(0, tokens.Length).Where(i => kinds[i] != TokenKind.Answer), i => Assert.Equal(kinds[i] == TokenKind.Prose ? 1 : 0.5f, weights[i]));
    }

    [Fact]
    public void TaskSource_Read_IsAPureFunction_AndFillsTheSequence()
    {
        TaskSource source = new(TaskGenerators.Open("tasks", WordSplit.Training), Tokenizer, 64, 512, seed: 2);
        int[] first = Read(source, 5, 513);
        Assert.Equal(first, Read(source, 5, 513));
        Assert.NotEqual(first, Read(source, 6, 513));
        Assert.True(first.Count(token => token != 0) > 400);
    }

    [Fact]
    public void TokenShard_CutOff_SaysSo()
    {
        using TestFolder folder = new();
        Shard(folder, 100).Dispose();
        string path = folder.File("shard.rwkvtok");
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^9]);
        var e = Assert.Throws<InvalidDataException>(() => TokenShard.Open(path));
        Assert.Contains("shard.rwkvtok: expected a shard", e.Message, StringComparison.Ordinal);
    }

    private static TokenShard Shard(TestFolder folder, int tokens)
    {
        TokenShardWriter writer = new(4096);
        writer.Add([.. Enumerable.Range(1, tokens)], new TokenKind[tokens]);
        writer.Write(folder.File("shard.rwkvtok"));
        return TokenShard.Open(folder.File("shard.rwkvtok"));
    }

    private static int[] Read(ISequenceSource source, long index, int length)
    {
        int[] tokens = new int[length];
        source.Read(index, tokens, new TokenKind[length]);
        return tokens;
    }
}
