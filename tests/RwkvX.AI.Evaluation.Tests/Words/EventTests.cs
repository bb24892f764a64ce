using System.Text.RegularExpressions;
using RwkvX.AI.Evaluation.Tasks;
using RwkvX.AI.Evaluation.Words;
using Xunit;

namespace RwkvX.AI.Evaluation.Tests.Words;

public sealed partial class EventTests
{
    [Fact]
    public void Draw_AnswersAreInTheStatement_AndWhatIsLeftOutIsNotAnswered()
    {
        int told = 0, untold = 0;
        foreach (Remark.Said said in Act.All.SelectMany((act, i) => Enumerable.Range(0, 4).Select(seed => Event.Draw(act, isOwn: false, new Cast(), new WordList(WordSplit.Training), new Random((4 * i) + seed)))))
        {
            Assert.Matches("^[A-Z0-9][^{}|_*+()]+[^ ]\\.$", said.Statement);
            Assert.DoesNotContain("  ", said.Statement, StringComparison.Ordinal);
            foreach ((string[] questions, string answer) in said.Asked)
            {
                Assert.Contains(answer[1..^1], said.Statement, StringComparison.Ordinal);
                Assert.All(questions, question => Assert.Matches("^[A-Z][^{}|_*+()]+\\?$", question));
                Assert.Empty(questions.Intersect(said.Untold));
                told += questions.Length;
            }

            Assert.All(said.Untold, question => Assert.Matches("^[A-Z][^{}|_*+()]+\\?$", question));
            untold += said.Untold.Length;
        }

        Assert.True(told > 20 * Act.All.Length, $"{told} questions of {Act.All.Length} acts"); // any part of each, in many ways
        Assert.True(untold > 8 * Act.All.Length, $"{untold} questions that nothing answers");
    }

    [Fact]
    public void Draw_OfUsers_SpeaksToThem()
    {
        Remark.Said[] all = [.. Enumerable.Range(0, 200).Select(seed => Event.Draw(Act.All[seed % Act.All.Length], isOwn: true, null, new WordList(WordSplit.Training), new Random(seed)))];
        Assert.Contains(all, said => Own().IsMatch(said.Statement));
        Assert.All(all, said => Assert.DoesNotContain(said.Asked, one => Regex.IsMatch(one.Answer, "^(I|We|My|Me|Us) ?\\b")));
        Assert.Contains(all, said => said.Asked.Any(one => one.Answer.StartsWith("Your ", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("mend", "mended", "mended")]
    [InlineData("stop", "stopped", "stopped")]
    [InlineData("carry", "carried", "carried")]
    [InlineData("play", "played", "played")]
    [InlineData("prefer", "preferred", "preferred")]
    [InlineData("open", "opened", "opened")]
    [InlineData("look_after looked_after looked_after", "looked after", "looked after")]
    public void Parse_Verb_KnowsItsForms(string text, string past, string participle)
    {
        Verb verb = Verb.Parse(text);
        Assert.Equal((past, participle), (verb.Past, verb.Participle));
    }

    [GeneratedRegex("^(I|We|My) |\\b(me|us|my)\\b")]
    private static partial Regex Own();
}
