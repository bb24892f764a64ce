using RwkvX.AI.Evaluation.Reports;
using Xunit;

namespace RwkvX.AI.Evaluation.Tests.Reports;

public sealed class CostPlotTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rwkvx-costs-").FullName;

    [Fact]
    public void Read_FileOfAProcessor_IsItsFirstFormOfTheWeights()
    {
        CostFile cost = CostFile.Read(At("cpu.json", """
            {"shape":"8x256+2","machine":"AVX2","read_bandwidth":1e10,"prefill_tokens":512,"contexts":[{"tokens":2000,"decode_milliseconds":4}],
             "precisions":[{"prefill_tokens_per_second":3000,"weight_bytes":20000000},{"prefill_tokens_per_second":1,"weight_bytes":1}]}
            """));
        Assert.Equal(("AVX2", "8x256+2", 0.002), (cost.Device, cost.Shape, cost.FloorSeconds));
        Assert.Equal(new CostFile.Reading(512, 3000), Assert.Single(cost.Prefill));
        Assert.Equal(new CostFile.Writing(2000, 1, 0.004, 250), Assert.Single(cost.Decode));
    }

    [Fact]
    public void Write_FilesOfACard_DrawsALineEachAndNoEmptyPanel()
    {
        string single = At("a.json", """
            {"device":"a card","shape":"32x2560+8","floor_seconds":0.0023,"prefill":[{"tokens":4096,"tokens_per_second":50000},{"tokens":32768,"tokens_per_second":47000}],
             "decode":[{"context":4096,"batch":1,"step_seconds":0.0029,"tokens_per_second":340},{"context":1048576,"batch":1,"step_seconds":0.0031,"tokens_per_second":320}]}
            """);
        string batches = At("b.json", """
            {"device":"a card","shape":"32x2560+0","floor_seconds":0.0018,"prefill":[],
             "decode":[{"context":4096,"batch":64,"step_seconds":0,"tokens_per_second":9900},{"context":4096,"batch":256,"step_seconds":0,"tokens_per_second":23600}]}
            """);
        string[] one = Texts(single), both = Texts(single, batches);
        Assert.Subset(one.ToHashSet(), new HashSet<string> { "a step, batch 1", "reading", "32x2560+8", "its floor", "4K", "1M" });
        Assert.DoesNotContain("sequences", one);
        Assert.Subset(both.ToHashSet(), new HashSet<string> { "writing, batched", "sequences", "32x2560+0 at 4K", "64", "256" });
    }

    [Fact]
    public void Write_FilesOfOneShape_AreToldApartByWhatDiffers()
    {
        string Form(string name, string state) => At(name, $$"""
            {"device":"a card","shape":"32x2560+0","precision":"BF16","state":"{{state}}","floor_seconds":0.0018,"prefill":[{"tokens":4096,"tokens_per_second":60000}],"decode":[]}
            """);
        Assert.Subset(Texts(Form("a.json", "F32"), Form("b.json", "F16")).ToHashSet(), new HashSet<string> { "32x2560+0, states F32", "32x2560+0, states F16" });
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>What the picture says.</summary>
    private string[] Texts(params string[] files)
    {
        string path = Path.Combine(_folder, "costs.svg");
        CostPlot.Write(path, files);
        return [.. System.Xml.Linq.XDocument.Load(path).Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value.Trim())];
    }

    private string At(string name, string json)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, json);
        return path;
    }
}
