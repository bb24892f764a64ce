using RwkvX.AI.Cpu;
using RwkvX.AI.Evaluation.Scoring;
using RwkvX.AI.Testing.Models;
using RwkvX.AI.Testing.Reference;
using Xunit;

namespace RwkvX.AI.Evaluation.Tests.Scoring;

/// <summary>Scores against the scalar reference model.</summary>
public sealed class LogLikelihoodTests : IDisposable
{
    private const double Tolerance = 1e-3;

    private static readonly (string Context, string[] Choices, int Answer)[] Questions =
    [
        ("Question: where is the cat?\nAnswer:", ["on the mat", "in a box, sleeping", "gone"], 1),
        ("Going out ", ["the door", "a window"], 0),
        ("", ["a cat", "the cat is singing"], 1),
    ];

    private readonly TinyModel _tiny = TinyModel.Create(heads: 1, layers: 2, sparseLayers: 1, vocabulary: Vocabularies.Size, seed: 5);
    private readonly CpuModel _engine;
    private readonly LogLikelihood _likelihood;
    private readonly ScalarModel _oracle;
    private readonly string _file = Path.GetTempFileName();

    public LogLikelihoodTests()
    {
        _engine = _tiny.Engine();
        _likelihood = new LogLikelihood(_engine, Vocabularies.Small);
        _oracle = _tiny.Oracle();
    }

    [Fact]
    public void Score_AnyText_IsTheReferences()
    {
        foreach ((string context, string[] choices, _) in Questions)
        {
            foreach (string choice in choices)
            {
                (double expected, bool greedy) = Reference(context, " " + choice);
                (double found, bool isGreedy) = _likelihood.Score(context, " " + choice);
                Assert.Equal(expected, found, Tolerance);
                Assert.Equal(greedy, isGreedy);
            }
        }
    }

    [Fact]
    public void Choice_File_AccuraciesAreTheReferences()
    {
        File.WriteAllLines(_file, Questions.Select(q => System.Text.Json.JsonSerializer.Serialize(new { context = q.Context, choices = q.Choices, answer = q.Answer })));
        double[][] scores = [.. Questions.Select(q => q.Choices.Select(choice => Reference(q.Context, " " + choice).Sum).ToArray())];
        double Share(Func<int, int, double> score) => (double)Questions.Select((q, i) =>
            Enumerable.Range(0, q.Choices.Length).MaxBy(c => score(i, c)) == q.Answer).Count(right => right) / Questions.Length;
        ChoiceScore found = new QuestionFile(_likelihood).Choice(_file);
        Assert.Equal(3, found.Count);
        Assert.Equal(Share((i, c) => scores[i][c]), found.Accuracy);
        Assert.Equal(Share((i, c) => scores[i][c] / Questions[i].Choices[c].Length), found.NormalisedAccuracy);
    }

    [Fact]
    public void Choice_ChoiceInTheContext_ScoresTheContinuation()
    {
        File.WriteAllText(_file, """{"contexts": ["The cat saw the dog because the cat", "The cat saw the dog because the dog"], "continuation": "was near.", "answer": 0}""");
        double first = Reference("The cat saw the dog because the cat", "was near.").Sum, second = Reference("The cat saw the dog because the dog", "was near.").Sum;
        Assert.Equal(first > second ? 1 : 0, new QuestionFile(_likelihood).Choice(_file).Accuracy);
    }

    [Fact]
    public void Cloze_File_PerplexityIsTheReferences()
    {
        File.WriteAllText(_file, "{\"context\": \"the cat sat on the\", \"target\": \"mat\"}\n\n{\"context\": \"going\", \"target\": \"out\"}\n");
        double mean = (Reference("the cat sat on the", " mat").Sum + Reference("going", " out").Sum) / 2;
        ClozeScore found = new QuestionFile(_likelihood).Cloze(_file);
        Assert.Equal(2, found.Count);
        Assert.Equal(Math.Exp(-mean), found.Perplexity, Math.Exp(-mean) * Tolerance);
    }

    [Theory]
    [InlineData("{\"context\": \"a\"", "line 1: expected a JSON object")]
    [InlineData("{\"context\": \"a\", \"choices\": [\"x\"], \"answer\": 0}", "at least two strings")]
    [InlineData("{\"context\": \"a\", \"choices\": [\"x\", \"y\"], \"answer\": 2}", "answer: expected 0 to 1")]
    [InlineData("{\"choices\": [\"x\", \"y\"], \"answer\": 1}", "expected the field 'context'")]
    [InlineData("", "at least one question")]
    public void Choice_BadFile_SaysWhatWasExpected(string content, string message)
    {
        File.WriteAllText(_file, content);
        var e = Assert.Throws<InvalidDataException>(() => new QuestionFile(_likelihood).Choice(_file));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Losses_LongText_AreTheReferences()
    {
        int[] ids = _tiny.Tokens(530);
        double[] found = _likelihood.Losses(ids);
        double[][] logits = _oracle.Run(_oracle.CreateState(), ids[..20]);
        for (int t = 0; t < 20; t++) Assert.Equal(-LogProbability(logits[t], ids[t + 1]), found[t], Tolerance);
        Assert.Equal(529, found.Length);
    }

    [Fact]
    public void Losses_Skipping_AreTheLastOfAll()
    {
        int[] ids = _tiny.Tokens(700);
        double[] all = _likelihood.Losses(ids), last = _likelihood.Losses(ids, 600);
        Assert.Equal(99, last.Length);
        Assert.All(Enumerable.Range(0, 99), i => Assert.Equal(all[600 + i], last[i], Tolerance));
    }

    [Fact]
    public void Positions_EachOctave_ScoresTheSameTextWithSoMuchBefore()
    {
        int[] text = _tiny.Tokens(300);
        PositionReading reading = new(_likelihood, [text, text[..50]], 256);
        PositionLoss[] octaves = [.. reading.Read()];
        Assert.Equal(1, reading.TextCount);
        Assert.Equal(172, reading.Scored.Count());
        Assert.Equal([(64, 128, 172), (128, 256, 172)], octaves.Select(octave => (octave.From, octave.To, octave.Count)));
        double[] first = _likelihood.Losses([0, .. text[64..192]]), second = _likelihood.Losses([0, .. text[128..256]]), third = _likelihood.Losses([0, .. text[192..300]]);
        double mean = first.Skip(64).Concat(second.Skip(64)).Concat(third.Skip(64)).Average();
        Assert.Equal(mean, octaves[0].Mean, Tolerance);
        Assert.Equal(octaves[1].Mean - octaves[0].Mean, octaves[1].Change!.Value, Tolerance);
    }

    [Fact]
    public void PositionLoss_KnownLosses_MeansAndIntervals()
    {
        double[] losses = [.. Enumerable.Range(0, 128).Select(t => t < 64 ? 1.0 : 1.5)], before = [.. losses.Select(loss => loss + 0.25)];
        var octave = PositionLoss.Of(128, [losses, losses], [before, before]);
        Assert.Equal(1.25, octave.Mean);
        Assert.Equal(1.96 * Math.Sqrt(4 * 0.0625 / 3 / 4), octave.HalfWidth, 1e-9); // four blocks: 1, 1.5, 1, 1.5
        Assert.Equal(-0.25, octave.Change);
        Assert.Equal(0, octave.ChangeHalfWidth);
    }

    [Fact]
    public void Answer_PromptsThatBeginAlike_AreAnsweredAsAlone()
    {
        using GreedyReader together = new(_engine, Vocabularies.Small);
        foreach (string prompt in new[] { "the cat is", "the cat is going to", "the cat is", "a dog" })
        {
            using GreedyReader alone = new(_engine, Vocabularies.Small);
            Assert.Equal(alone.Answer(prompt, 6), together.Answer(prompt, 6));
        }
    }

    public void Dispose()
    {
        _engine.Dispose();
        _tiny.Dispose();
        File.Delete(_file);
    }

    private (double Sum, bool Greedy) Reference(string context, string continuation)
    {
        string trimmed = context.TrimEnd(' ');
        continuation = context[trimmed.Length..] + continuation;
        int[] before = trimmed.Length == 0 ? [0] : Vocabularies.Small.Encode(trimmed);
        int[] all = trimmed.Length == 0 ? [0, .. Vocabularies.Small.Encode(continuation)] : Vocabularies.Small.Encode(trimmed + continuation);
        double[][] logits = _oracle.Run(_oracle.CreateState(), all[..^1]);
        double sum = 0;
        bool greedy = true;
        for (int t = before.Length; t < all.Length; t++)
        {
            sum += LogProbability(logits[t - 1], all[t]);
            greedy &= Array.IndexOf(logits[t - 1], logits[t - 1].Max()) == all[t];
        }

        return (sum, greedy);
    }

    private static double LogProbability(double[] logits, int target) => logits[target] - Math.Log(logits.Sum(logit => Math.Exp(logit)));
}
