using RwkvX.AI.Testing;
using RwkvX.AI.Training.Plans;
using Xunit;

namespace RwkvX.AI.Training.Tests;

public sealed class TrainingPlanTests
{
    public static TheoryData<string> Committed => [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "eng"), "*.json").Select(path => Path.GetFileName(path))];

    [Theory]
    [MemberData(nameof(Committed))]
    public void Read_CommittedPlan_IsWhole(string name)
    {
        TrainingPlan plan = TrainingPlan.Read(Path.Combine(Repository.Root, "eng", name));
        if (plan.Model.New is not { } sizes)
        {
            Assert.Equal("rwkvx-12m", plan.Model.Name);
            return;
        }

        Assert.Equal((256, 9, 3, 4096), (sizes.NEmbd, sizes.NLayer, sizes.NMobaLayer, sizes.VocabSize));
        Assert.Equal((32, 16), (plan.Model.MobaChunkSize, plan.Model.MobaTopK));
    }

    [Theory]
    [InlineData("""{"stages": [], "model": {"from": "x"}}""", "stages")]
    [InlineData("""{"model": {}, "stages": [{"name": "a", "length": 8, "batch": 1, "tokens": 8, "learning_rate": 1, "final_learning_rate": 1, "data": [{"task": "tasks"}]}]}""", "'from' and 'new'")]
    [InlineData("""{"model": {"from": "x"}, "stages": [{"name": "a", "length": 8, "batch": 1, "tokens": 8, "learning_rate": 1, "final_learning_rate": 1, "data": []}]}""", "at least one source")]
    [InlineData("""{"modell": {}}""", "modell")]
    [InlineData("""{"model": {"from": "x"}, "optimizer": {"matrices": "sgd"}, "stages": [{"name": "a", "length": 8, "batch": 1, "tokens": 8, "learning_rate": 1, "final_learning_rate": 1, "data": [{"task": "tasks"}]}]}""", "expected adamw or muon, found sgd")]
    [InlineData("""{"model": {"from": "x"}, "stages": [{"name": "a", "length": 8, "batch": 1, "tokens": 8, "learning_rate": 1, "final_learning_rate": 1, "recompute_share": 2, "data": [{"task": "tasks"}]}]}""", "recompute_share: expected 0 to 1, found 2")]
    [InlineData("""{"model": {"from": "x"}, "stages": [{"name": "a", "length": 8, "batch": 1, "tokens": 8, "learning_rate": 1, "final_learning_rate": 1, "moba_topk": 0, "data": [{"task": "tasks"}]}]}""", "moba_topk: expected at least 1, the chunk of the token itself, found 0")]
    [InlineData("""{"model": {"from": "x"}, "stages": [{"name": "a", "length": 8, "batch": 1, "tokens": 8, "learning_rate": 1, "final_learning_rate": 1, "forget_data": [{"task": "records"}], "data": [{"task": "tasks"}]}]}""", "forget_data: expected at least one source and forget_every, found 1 and 0")]
    [InlineData("""{"model": {"from": "x"}, "stages": [{"name": "a", "length": 8, "batch": 1, "tokens": 8, "learning_rate": 1, "final_learning_rate": 1, "forget_every": 4, "forget_data": [], "data": [{"task": "tasks"}]}]}""", "forget_data: expected at least one source and forget_every, found 0 and 4")]
    [InlineData("""{"model": {"from": "x"}, "stages": [{"name": "a", "length": 8, "batch": 1, "tokens": 8, "learning_rate": 1, "final_learning_rate": 1, "choice_loss": -1, "data": [{"task": "tasks"}]}]}""", "choice_loss: expected at least 0, found -1")]
    [InlineData("""{"model": {"from": "x"}, "stages": [{"name": "a", "length": 8, "batch": 1, "tokens": 8, "learning_rate": 1, "final_learning_rate": 1, "answer_share": 1.5, "data": [{"task": "tasks"}]}]}""", "answer_share: expected 0 to 1, found 1.5")]
    public void Read_BadPlan_NamesTheField(string json, string field)
    {
        using TestFolder folder = new();
        File.WriteAllText(folder.File("plan.json"), json);
        Assert.Contains(field, Assert.Throws<PlanException>(() => TrainingPlan.Read(folder.File("plan.json"))).Message, StringComparison.Ordinal);
    }
}
