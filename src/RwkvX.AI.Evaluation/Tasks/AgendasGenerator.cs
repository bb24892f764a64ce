using System.Text.RegularExpressions;
using RwkvX.AI.Evaluation.Words;

namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>What groups write about their meetings, in minutes, mails, chats and notes: what was decided is to be listed in its order, all else may be asked for.</summary>
internal sealed partial class AgendasGenerator(Fillers fillers) : TaskGenerator
{
    private static readonly string[] Headings =
    [
        "", "", "Minutes of the meeting of {E}. Present: {P}, {Q}, {R}.\n", "Hi all,\n", "Dear members of the {w} club,\n", "To: everyone\nFrom: {P}\nSubject: {t}\n", "Notes of {D}\n", "Protocol, {E} {Y}\nIn the chair: {P}\n", "House meeting, the short version.\n", "Dear neighbours,\n",
        "{t!} committee, {E}\n", "What we talked about on {D}:\n", "Present: {P}, {Q}, {R}\nExcused: {P} {S}\n", "Dear {P},\n", "Team meeting, {D}, {M}\n", "Summary by {P}\n", "Extract from the book of minutes, {Y}\n",
    ];

    private static readonly string[] Questions = Phrases.Lines("listing");

    private readonly WordList _words = fillers.Words;

    public override string Name => "agendas";

    public override TaskDocument Write(Random random, int tokens, Func<string, int> count)
    {
        HashSet<string> taken = [];
        Cast? cast = Cast.Draw(random);
        bool isAlone = tokens < 2000 && random.Next(3) > 0; // nothing else in the text
        List<Remark.Said> agenda = Remark.DrawMany(Remark.OfAgendas, isAlone ? Math.Max(2, tokens / 15) : random.Next(2, Math.Clamp(tokens / 60, 3, 16)), taken, cast, _words, random);
        if (isAlone)
        {
            int length = 0;
            agenda = [.. agenda.TakeWhile((item, i) => i < 2 || (length += count(item.Statement)) < 0.8 * tokens)];
        }

        IFiller filler = fillers.Draw(random);
        string[] statements = [.. agenda.Select(item => Decided().Replace(item.Statement, "$1"))], deeds = [.. agenda.SelectMany(item => Decided().Matches(item.Statement).Select(match => match.Groups[1].Value))];
        string joint = random.Next(2) == 0 ? "\n" : " ";
        DocumentWriter writer = new(count);
        writer.Add(Fact.Pick(DocumentWriter.Openings, random), PartKind.Question).Add(Remark.Fill(Fact.Pick(Headings, random), _words, random), PartKind.Filler);
        Scatter.Write(writer, random, isAlone ? 0 : tokens - (agenda.Count * 25), filler, isAlone ? [string.Join(joint, statements)] : statements);
        writer.TrimEnd().Add("\n\n", PartKind.Question);
        List<(string Question, string Answer)> asked = [(Fact.Pick(Questions, random), DecisionsGenerator.List(deeds)), .. agenda.Take(random.Next(agenda.Count + 1)).Select(Ask)];
        foreach ((string question, string answer) in Drawn.Shuffled(asked, random)) writer.Ask(question).Answer(answer);
        return writer.ToDocument();

        (string Question, string Answer) Ask(Remark.Said item)
        {
            if (random.NextDouble() < EverydayGenerator.UnknownShare && item.AskUntold(taken, cast, _words, random) is { } untold) return (Manner.Ask(untold, random), Fact.Unknown[0]);
            (string question, string answer) = item.Ask(random);
            return (Manner.Ask(question, random), answer);
        }
    }

    [GeneratedRegex(@"\[([^\[\]]+)\]")]
    private static partial Regex Decided();
}
