using System.Text.RegularExpressions;
using RwkvX.AI.Evaluation.Tasks;
using RwkvX.AI.Evaluation.Words;
using Xunit;

namespace RwkvX.AI.Evaluation.Tests.Tasks;

public sealed partial class TaskGeneratorsTests
{
    public static TheoryData<string> Names => [.. TaskGenerators.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Write_SameSeed_SameDocument_AskedAndAnswered(string name)
    {
        foreach (int words in new[] { 60, 500, 3000 })
        {
            TaskDocument document = Write(name, words, seed: 3), again = Write(name, words, seed: 3), other = Write(name, words, seed: 4);
            Assert.Equal(document.Text, again.Text);
            Assert.NotEqual(document.Text, other.Text);
            Assert.NotEmpty(document.Questions());
            Assert.All(document.Questions(), question => Assert.False(string.IsNullOrWhiteSpace(question.Answer)));
            Assert.DoesNotContain('{', document.Text);
            if (name is not ("talk" or "tasks" or "everyday" or "everyday-chat") && words >= 500) Assert.InRange(Count(document.Text), 0.7 * words, (1.3 * words) + 150);
        }
    }

    [Theory]
    [InlineData("needle-2")]
    [InlineData("multi-key")]
    [InlineData("multi-value")]
    [InlineData("decisions")]
    [InlineData("agendas")]
    public void Write_Answer_FollowsFromTheFacts(string name)
    {
        bool isList = name is "decisions" or "agendas";
        for (int seed = 0; seed < 20; seed++)
        {
            TaskDocument document = Write(name, 400, seed);
            if (document.Text.Contains("No decisions were made.", StringComparison.Ordinal)) continue;
            string facts = string.Concat(document.Parts.Where(part => part.Kind == PartKind.Fact).Select(part => part.Text));
            string answer = isList ? document.Questions().First(question => question.Answer.StartsWith("1. ", StringComparison.Ordinal)).Answer : document.Questions().Last().Answer;
            string[] values = isList ? [.. answer.Split('\n').Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..].TrimEnd('.'))] : answer.TrimEnd('.').Split(", ");
            Assert.NotEmpty(values);
            Assert.All(values, value => Assert.Contains(value, facts, StringComparison.Ordinal));
            if (!isList) continue;
            Assert.DoesNotContain('[', document.Text); // where the phrases mark what was decided
            int end = 0;
            foreach (string value in values)
            {
                Assert.Contains(value, facts[end..], StringComparison.Ordinal); // in their order
                end = facts.IndexOf(value, end, StringComparison.Ordinal) + value.Length;
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Write_Quotes_StandInTheText_AndBeginAsAsked(bool hasProse)
    {
        int many = 0;
        for (int seed = 0; seed < 30; seed++)
        {
            TaskDocument document = TaskGenerators.Open("quote", WordSplit.Training, hasProse ? Prose : null).Write(new Random(seed), 1000, Count);
            string text = string.Concat(document.Parts.Where(part => part.Kind == PartKind.Filler).Select(part => part.Text));
            foreach ((string prompt, string answer) in document.Questions())
            {
                string lead = Lead().Match(prompt[prompt.LastIndexOf("User:", StringComparison.Ordinal)..]).Groups[1].Value;
                Assert.StartsWith(lead + " ", answer, StringComparison.Ordinal);
                Assert.Contains(" " + answer, text, StringComparison.Ordinal);
                Assert.Equal(text.IndexOf(lead, StringComparison.Ordinal), text.LastIndexOf(lead, StringComparison.Ordinal));
            }

            if (document.Questions().Count() > 3) many++;
        }

        Assert.InRange(many, 3, 29);

        static string Prose(Random random) => $"It rained. The {random.Next(1000)} birches stood by the road in rows. {random.Next(1000)} men had seen them before the war, or so Mr. Hale said. In {random.Next(1000)} they were cut.";
    }

    [Fact]
    public void Any_WithProse_BeginsWordsWithCommonOnesOfBothSplits_AndIsNoneOfTests()
    {
        const string Prose = "some silver harbour where nothing white ever happened before breakfast";
        WordList training = new(WordSplit.Training, _ => Prose);
        Random random = new(1);
        HashSet<string> seen = [.. Enumerable.Range(0, 20_000).Select(_ => training.Any(random))];
        string[] kept = [.. Prose.Split(' ').Where(word => WordList.SplitOf(word) == WordSplit.Test)];
        Assert.Contains("silver", kept);
        Assert.All(Prose.Split(' '), word => Assert.Contains(seen, other => other.StartsWith(word, StringComparison.Ordinal) && other.Length > word.Length));
        Assert.Empty(kept.Intersect(seen));
    }

    [Fact]
    public void Next_AmongRivals_NamesWithinSentencesAreAFew_ThatBeginLikeThoseOfTheFacts()
    {
        const string Text = "Then Anne, whom Captain Wentworth and Louisa met with Charles, saw that Lady Russell and Mary Elliot were in Bath. At 12:30 it was 770.5 miles. ";
        WordList words = new(WordSplit.Training);
        Fact[] facts = [new(Relation.Training[0], "Anna Egan", "12345"), new(Relation.Training[0], "Robert", "amber")];
        RivalFiller filler = new(new Plain(Text), facts, words, new Random(3));
        string[] pieces = [.. Enumerable.Range(0, 200).Select(seed => filler.Next(new Random(seed))).Where(piece => piece.StartsWith("Then ", StringComparison.Ordinal)).Take(20)];
        Assert.Equal(20, pieces.Length); // the others tell of somebody of a like name
        Assert.Single(pieces.Distinct()); // the same word has the same rival everywhere
        string[] names = [.. Name().Matches(pieces[0]).Select(match => match.Value).Distinct()];
        Assert.InRange(names.Length, 2, 3);
        Assert.All(names, name => Assert.Contains(name[..2], (string[])["An", "Eg", "Ro"]));
        Assert.StartsWith("Then ", pieces[0], StringComparison.Ordinal);
        Assert.Equal(Text.Split(' ').Length, pieces[0].Split(' ').Length);
        Assert.EndsWith("At 12:30 it was 770.5 miles. ", pieces[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Next_AmongRivals_NumbersBeginLikeThoseOfTheFacts_AndOthersOfLikeNamesAreToldOf()
    {
        WordList words = new(WordSplit.Training);
        Relation number = Relation.Training.First(relation => relation is { Subject: 'P', Value: 'D' });
        Fact[] facts = [new(number, "Anna Egan", "55200"), new(number, "Robert", "55734")];
        Random random = new(4);
        RivalFiller[] fillers = [.. Enumerable.Range(0, 40).Select(_ => new RivalFiller(new Plain("The year 1843 was told. "), facts, words, random))];
        string[] pieces = [.. Enumerable.Range(0, 400).Select(i => fillers[i % 40].Next(random))];
        string[] years = [.. pieces.Where(piece => piece.StartsWith("The year ", StringComparison.Ordinal)).Select(piece => piece.Split(' ')[2])];
        Assert.All(years, year => Assert.Matches("^5[0-9]{4}$", year));
        Assert.DoesNotContain("55200", years);
        Assert.InRange(years.Count(year => year.StartsWith("55", StringComparison.Ordinal)), years.Length / 2, years.Length);
        string[] others = [.. pieces.Where(piece => !piece.StartsWith("The year ", StringComparison.Ordinal))];
        Assert.InRange(others.Length, 40, 160); // every second to every twentieth
        Assert.All(others, other => Assert.Matches("(An|Eg|Ro)[a-z]+.*5[0-9]{4}|5[0-9]{4}.*(An|Eg|Ro)[a-z]+", other));
        Assert.All(others, other => Assert.DoesNotMatch(@"\b(Anna Egan|Robert)\b", other));
    }

    [Fact]
    public void Write_Needles_TrainingLearnsTheirEnd_AndTestsEndWithTheAnswer()
    {
        TaskDocument training = Write("needle-2", 300, 1), test = TaskGenerators.Open("needle-2", WordSplit.Test).Write(new Random(1), 300, Count);
        Assert.All(training.Parts.Where(part => part.Kind == PartKind.Answer), part => Assert.EndsWith(".\n\n", part.Text, StringComparison.Ordinal));
        Assert.EndsWith(".", test.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_Unknown_WasNeverTold()
    {
        FactsGenerator generator = new(new Fillers(WordSplit.Test, null)) { FactCount = 4, UnknownShare = 1 };
        TaskDocument document = generator.Write(new Random(1), 300, Count);
        Assert.All(document.Questions(), question => Assert.StartsWith("I do not know", question.Answer, StringComparison.Ordinal));
    }

    [Fact]
    public void Write_Minutes_HaveOtherFactsAndSometimesNoDecision_InTrainingAlone()
    {
        string[] training = [.. Enumerable.Range(0, 100).Select(seed => Write("decisions", 400, seed).Text)];
        string[] tests = [.. Enumerable.Range(0, 100).Select(seed => TaskGenerators.Open("decisions", WordSplit.Test).Write(new Random(seed), 400, Count).Text)];
        Assert.InRange(training.Count(text => text.EndsWith("Assistant: No decisions were made.\n\n", StringComparison.Ordinal)), 1, 20);
        Assert.InRange(training.Count(text => text.Contains("I do not know", StringComparison.Ordinal)), 30, 70);
        Assert.DoesNotContain(tests, text => text.Contains("No decisions were made.", StringComparison.Ordinal) || text.Contains("I do not know", StringComparison.Ordinal));
    }

    /// <summary>What was done last does not tell which line comes next: tests have few actions, so the same one often comes twice.</summary>
    [Fact]
    public void Write_Minutes_DoTheSameToSeveralThings_AndToThingsThatBeginAlike()
    {
        (string Action, string Topic)[][] lists = [.. Enumerable.Range(0, 400).Select(seed => Write("decisions", 800, seed).Questions().Select(question => question.Answer)
            .FirstOrDefault(answer => answer.StartsWith("1. ", StringComparison.Ordinal)) is { } list ? Short().Matches(list) is var lines && lines.Count == list.Split('\n').Length ? lines.Select(line => (line.Groups[1].Value, line.Groups[2].Value)).ToArray() : []
            : []).Where(list => list.Length > 2)];
        Assert.InRange(lists.Count(list => list.Zip(list[1..]).Any(pair => pair.First.Action == pair.Second.Action)), lists.Length / 3, lists.Length * 3 / 4);
        Assert.InRange(lists.Count(list => list.Any(one => list.Any(other => one != other && other.Topic.StartsWith(one.Topic[..2], StringComparison.Ordinal)))), lists.Length / 4, lists.Length);
    }

    /// <summary>Two kinds of facts that are asked for by the same words have answers that nobody can tell apart.</summary>
    [Fact]
    public void Questions_OfRelations_AreOfOneAlone()
    {
        (Relation Relation, string Question)[] all = [.. Relation.Training.SelectMany(relation => relation.Questions.Select(question => (relation, question)))];
        string[] alike =
        [
            .. from one in all
               from other in all
               where one.Relation != other.Relation && Asks(other).IsMatch(one.Question.Replace("{s}", one.Relation.Subject == 'N' ? "odd raft" : "choir", StringComparison.Ordinal))
               select $"{one.Question} {other.Question}",
        ];
        Assert.Empty(alike);

        static Regex Asks((Relation Relation, string Question) what) => new($"^{Regex.Escape(what.Question).Replace(@"\{s}", what.Relation.Subject switch { 'N' => @"\w+ \w+", 'P' => @"\w+( \w+)?", _ => @"\w+" }, StringComparison.Ordinal)}$");
    }

    [Fact]
    public void Write_Facts_AreSpreadOverDocuments_InTrainingAlone()
    {
        int Documents(string text) => Word().Matches(text).Count(match => match.Value == "Document");
        Assert.Contains(Enumerable.Range(0, 30), seed => Documents(Write("facts", 600, seed).Text) > 2);
        Assert.DoesNotContain(Enumerable.Range(0, 30), seed => Documents(TaskGenerators.Open("facts", WordSplit.Test).Write(new Random(seed), 600, Count).Text) > 1);
    }

    /// <summary>A long text of which little is asked is what tests are, and what many facts teach nothing about.</summary>
    [Fact]
    public void Write_Facts_AThirdOfTrainingTellsFewOfALongText()
    {
        int[] told = [.. Enumerable.Range(0, 90).Select(seed => Write("facts", 4000, seed).Parts.Count(part => part.Kind == PartKind.Fact))];
        Assert.InRange(told.Count(count => count <= 8), 30, 60); // with those that are few by chance
        Assert.InRange(told.Count(count => count > 60), 20, 60);
    }

    [Fact]
    public void DrawMany_Training_HasRivals_OfSubjectsAndValuesThatBeginAlike()
    {
        List<Fact> Draw(WordSplit split, int seed) => Fact.DrawMany(12, new WordList(split), new Random(seed));
        bool Begins(string longer, string word) => longer.Length > word.Length && longer.StartsWith(word, StringComparison.Ordinal);
        int Count(WordSplit split, Func<Fact, Fact, bool> alike) => Enumerable.Range(0, 100).Sum(seed => Draw(split, seed) is var facts ? facts.Sum(one => facts.Count(other => one != other && alike(one, other))) : 0);
        Assert.True(Count(WordSplit.Training, (one, other) => Begins(other.Subject, one.Subject + " ")) > 50, "subjects");
        Assert.True(Count(WordSplit.Training, (one, other) => one.Value.Length > 2 && one.Relation.Value == other.Relation.Value && Begins(other.Value, one.Value)) > 20, "words");
        Assert.True(Count(WordSplit.Training, (one, other) => one.Subject == other.Subject && one.Relation.Value == other.Relation.Value) > 50, "kinds of one subject");
        Assert.InRange(Count(WordSplit.Test, (one, other) => one.Value.Length > 2 && one.Relation.Value == other.Relation.Value && Begins(other.Value, one.Value)), 0, 10);
    }

    [Fact]
    public void Words_OfTraining_AreNotThoseOfTests()
    {
        WordList training = new(WordSplit.Training), test = new(WordSplit.Test);
        Random random = new(1);
        HashSet<string> seen = [.. Enumerable.Range(0, 3000).Select(_ => training.Any(random))];
        Assert.All(Enumerable.Range(0, 3000), _ => Assert.DoesNotContain(test.Any(random), seen));
        foreach (string[] list in new[] { Vocabulary.FirstNames, Vocabulary.Cities, Vocabulary.Topics, Vocabulary.Actions, Vocabulary.Colours, Vocabulary.Professions })
            Assert.True(list.Count(word => WordList.SplitOf(word) == WordSplit.Test) >= 3, $"{list[0]}…: too few words for tests");
    }

    [Fact]
    public void Write_Everyday_AnswersStandInTheText_AndNoQuestionHasTwo()
    {
        int many = 0, unknown = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            TaskDocument document = Write("everyday", 300, seed);
            string text = string.Concat(document.Parts.Where(part => part.Kind == PartKind.Fact).Select(part => part.Text));
            Dictionary<string, string> answers = [];
            foreach ((string prompt, string answer) in document.Questions())
            {
                string question = prompt[prompt.LastIndexOf("User: ", StringComparison.Ordinal)..];
                many++;
                if (answer.StartsWith("I do not know", StringComparison.Ordinal)) unknown++;
                else AssertCopied(answer, text, question);
                Assert.True(answers.TryAdd(question, answer) || answers[question] == answer, $"{question}: {answer}, {answers[question]}");
            }
        }

        Assert.InRange(unknown, many / 12, many / 4);
    }

    [Fact]
    public void Remarks_FillTheirSlots_InTheSplitOfTheirs()
    {
        foreach (Remark kind in Remark.OfUsers.Concat(Remark.OfTexts).Concat(Remark.OfAgendas))
        {
            Remark.Said said = new[] { WordSplit.Training, WordSplit.Test }.SelectMany(split => Remark.DrawMany([kind], 9, [], new Cast(), new WordList(split), new Random(1))).First(said => said.Kind == kind); // beside events
            Assert.NotEmpty(said.Asked);
            Assert.All(said.Asked.SelectMany(one => one.Questions).Concat(said.Untold), question => Assert.Matches("^[^{}|=>]+\\?$", question));
            Assert.DoesNotContain(said.Asked, one => one.Answer == "?");
            Assert.All(said.Asked.Select(one => one.Answer).Append(said.Statement), text => Assert.Matches("^[^{}|>]+[^ ]$", text));
            if (!Remark.OfUsers.Contains(kind)) Assert.All(said.Asked, one => AssertCopied(one.Answer, said.Statement, one.Questions[0]));
        }
    }

    /// <summary>But for the word that an answer begins with, and a few that make a sentence of it, all is copied.</summary>
    private static void AssertCopied(string answer, string text, string question) => Assert.All(Word().Matches(answer).Skip(1), word => Assert.True(
        text.Contains(word.Value, StringComparison.OrdinalIgnoreCase) || word.Value is "was" or "is" or "are" or "were" or "be" or "it" or "its" or "comes" or "in", $"{question} {answer}: {text}"));

    [Theory]
    [InlineData("The old lighthouse was built by two brothers, who lived there.", "(Who|What|Who or what) was built by two brothers\\?", "The old lighthouse.")]
    [InlineData("The old lighthouse was built by two brothers, who lived there.", "By (what|whom) was the old lighthouse built\\?", "By two brothers.")]
    [InlineData("Anne walked to the harbour alone.", "(Who|What|Who or what) walked to the harbour alone\\?", "Anne.")]
    public void ProseQuestions_AskForAPartOfTheSentence(string sentence, string question, string answer)
    {
        IEnumerable<(string Question, string Answer)> asked = Enumerable.Range(0, 40).Select(seed => ProseQuestions.Of(sentence, new Random(seed))!.Value);
        Assert.Contains(asked, one => one.Answer == answer && Regex.IsMatch(one.Question, $"^{question}$"));
    }

    [Theory]
    [InlineData("It was built by two brothers.")]
    [InlineData("Then the brothers went home.")]
    [InlineData("Anne was tired.")]
    [InlineData("What a day, they said.")]
    public void ProseQuestions_LeaveOutWhatNobodyCouldAnswer(string sentence) => Assert.Null(ProseQuestions.Of(sentence, new Random(1)));

    [Theory]
    [InlineData("What is my dog called?", "what my dog is called")]
    [InlineData("What is my dog called?", "What's my dog called?")]
    [InlineData("Where do I work?", "where I work")]
    [InlineData("Who sold the boat?", "who sold the boat")]
    [InlineData("When was the old bakery robbed by two boys?", "when the old bakery was robbed by two boys")]
    public void Manner_AsksTheSameInOtherForms(string question, string form) =>
        Assert.Contains(Enumerable.Range(0, 200).Select(seed => Manner.Ask(question, new Random(seed))), asked => asked.Contains(form, StringComparison.Ordinal));

    [Fact]
    public void Write_Training_UsesNoNameOrValueOfTests()
    {
        string[] kept = [.. new[] { Vocabulary.FirstNames, Vocabulary.Surnames, Vocabulary.Cities, Vocabulary.Professions, Vocabulary.Colours, Vocabulary.Animals, Vocabulary.Foods, Vocabulary.Topics, Vocabulary.Actions }
            .SelectMany(list => list).Where(word => WordList.SplitOf(word) == WordSplit.Test)];
        HashSet<string> written = [.. Enumerable.Range(0, 400).SelectMany(seed => Word().Matches(Write((seed % 4) switch { 0 => "everyday", 1 => "chat", _ => "tasks" }, 600, seed).Text)).Select(match => match.Value)];
        Assert.Contains("Emma", written);
        Assert.Empty(kept.Intersect(written));
    }

    [Fact]
    public void Write_Test_ShowsWordsOfTestsOnly()
    {
        HashSet<string> written = [.. Enumerable.Range(0, 40).SelectMany(seed =>
            Word().Matches(TaskGenerators.Open("facts", WordSplit.Test).Write(new Random(seed), 400, Count).Text)).Select(match => match.Value)];
        Assert.Contains("Nadia", written);
        Assert.DoesNotContain(Vocabulary.FirstNames, name => WordList.SplitOf(name) == WordSplit.Training && written.Contains(name));
    }

    [Theory]
    [InlineData("needle-3")]
    [InlineData("multi-key")]
    [InlineData("facts")]
    [InlineData("chat")]
    [InlineData("records")]
    public void Write_Training_AsksManyThingsOfOneDocument_EachOnce(string name)
    {
        int[] asked = [.. Enumerable.Range(0, 60).Select(seed => Write(name, 3000, seed)).Select(document =>
        {
            string[] questions = [.. document.Parts.Where(part => part.Kind == PartKind.Question).Select(part => part.Text).Where(text => text.Contains('?', StringComparison.Ordinal))];
            return questions.Distinct().Count();
        })];
        Assert.Contains(asked, count => count >= 8);
        Assert.Contains(asked, count => count <= 2);
    }

    [Theory]
    [InlineData("needle-1")]
    [InlineData("needle-2")]
    [InlineData("needle-3")]
    [InlineData("multi-key")]
    [InlineData("multi-value")]
    public void Write_TestNeedles_AskOneQuestion(string name)
    {
        for (int seed = 0; seed < 20; seed++)
            Assert.Single(TaskGenerators.Open(name, WordSplit.Test).Write(new Random(seed), 500, Count).Questions());
    }

    [Fact]
    public void DrawUnknown_AsksOfKnownSubjectsToo_NeverWhatWasTold()
    {
        Random random = new(1);
        WordList words = new(WordSplit.Test);
        int shared = 0;
        for (int i = 0; i < 50; i++)
        {
            List<Fact> known = Fact.DrawMany(6, words, random), unknown = Fact.DrawUnknown(4, known, words, random);
            Assert.Equal(4, unknown.Count);
            Assert.DoesNotContain(unknown, fact => known.Any(told => told.Relation == fact.Relation && told.Subject == fact.Subject));
            shared += unknown.Count(fact => known.Any(told => told.Subject == fact.Subject));
        }

        Assert.InRange(shared, 10, 100);
    }

    private static TaskDocument Write(string name, int words, int seed) =>
        TaskGenerators.Open(name, WordSplit.Training).Write(new Random(seed), words, Count);

    private static int Count(string text) => text.AsSpan().Count(' ') + 1;

    [GeneratedRegex("(?<=[a-z,] )[A-Z][a-z]+")]
    private static partial Regex Name();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex(@"""([^""]+?)(?: \.\.\.)?""")]
    private static partial Regex Lead();

    /// <summary>A line of a list that has no more than an action and a topic.</summary>
    [GeneratedRegex(@"^\d+\. (\w+) the (\w+)\.$", RegexOptions.Multiline)]
    private static partial Regex Short();

    private sealed class Plain(string text) : IFiller
    {
        public string Next(Random random) => text;

        public string Joint(Random random) => "";
    }
}
