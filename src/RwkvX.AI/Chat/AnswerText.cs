using System.Text;
using Microsoft.Extensions.AI;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Chat;

/// <summary>Turns sampled ids into what the caller sees (text, thinking, calls), and says which ids that stands for.</summary>
/// <remarks>
/// White space at the start is not shown: a turn is trained as "Assistant: text". Nothing of a stop sequence is shown, and of the
/// template's stop sequences not even a beginning that the answer breaks off in. Not thread-safe: one for each answer.
/// </remarks>
internal sealed class AnswerText
{
    private readonly AnswerForm _form;
    private readonly AnswerIds _ids;
    private readonly StringBuilder _visible = new();
    private readonly List<FunctionCallContent> _calls = [];
    private AnswerPhase _phase;
    private int _phaseStart; // characters before the phase
    private string _pending = ""; // of Start: what is not told apart yet
    private string[] _openings; // of Start: what may open something else than text
    private StopSequenceMatcher _matcher = new([]); // of all phases but Start and Call
    private int _stops; // sequences of the matcher that end the answer; they come first
    private CallScanner _scanner = new();
    private bool _hasThought; // the thinking is over, or was left out
    private string _unopened = ""; // of Reasoning: what the opening mark still lacks
    private bool _hasReasoned; // some of it was shown

    public AnswerText(WorldTokenizer tokenizer, AnswerForm form)
    {
        _ids = new AnswerIds(tokenizer);
        _form = form;
        _openings = Openings(form.Reasoning?.Open, form.Calls?.Open);
        Enter(_openings.Length > 0 ? AnswerPhase.Start : AnswerPhase.Text);
    }

    /// <summary>All ids taken, those of a stop sequence included.</summary>
    public IReadOnlyList<int> Ids => _ids.All;

    /// <summary>Everything decoded.</summary>
    public string Raw => _ids.Text;

    /// <summary>Whether a stop sequence ended the answer.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Whether the answer may turn out to end before the last ids: inside what may be a stop sequence or is half a character.</summary>
    public bool IsUndecided => _matcher.HeldLength > 0 || _ids.IsInsideCharacter || _pending.Length > 0;

    /// <summary>What the caller has seen so far of text.</summary>
    public string Visible => _visible.ToString();

    /// <summary>The calls so far.</summary>
    public IReadOnlyList<FunctionCallContent> Calls => _calls;

    /// <summary>The answer as the caller has it, without the thinking.</summary>
    public ChatMessage ToMessage() =>
        new(ChatRole.Assistant, [.. _visible.Length > 0 ? [new TextContent(Visible)] : (AIContent[])[], .. _calls]);

    /// <summary>Takes the ids that the answer is begun with; nothing of them is shown.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="thinks">Whether they begin thinking; otherwise they leave it out.</param>
    public void Begin(IReadOnlyList<int> ids, bool thinks)
    {
        foreach (int id in ids)
        {
            _ids.Add(id);
        }

        _hasThought = true;
        _openings = Openings(null, _form.Calls?.Open);
        Enter(thinks ? AnswerPhase.Reasoning : _openings.Length > 0 ? AnswerPhase.Start : AnswerPhase.Text);
        string open = thinks ? _form.Reasoning!.Open : "";
        int begun = open.Length;
        while (begun > 0 && !Raw.EndsWith(open[..begun], StringComparison.Ordinal))
        {
            begun--;
        }

        _unopened = open[begun..];
    }

    /// <summary>Takes one id.</summary>
    /// <returns>What can now be shown, possibly nothing.</returns>
    public List<AIContent> Append(int id)
    {
        string text = _ids.Add(id);
        List<AIContent> shown = [];
        while (text.Length > 0 && !IsStopped)
        {
            text = Feed(text, shown);
        }

        return shown;
    }

    /// <summary>Ends the answer. Half a character is dropped.</summary>
    /// <returns>The rest to be shown, usually nothing.</returns>
    public List<AIContent> Finish()
    {
        List<AIContent> shown = [];
        if (_phase == AnswerPhase.Start)
        {
            FeedText(StartText(), shown);
        }

        if (!IsStopped)
        {
            Show(_matcher.Finish(Math.Min(_stops, _form.TemplateStops.Count)), shown);
        }

        return shown;
    }

    /// <summary>The ids of the answer, without what ended it. Where a stop sequence begins inside an id, what stands before it is encoded anew.</summary>
    public int[] KeptIds() => _ids.UpTo(_phaseStart + (_phase is AnswerPhase.Text or AnswerPhase.Reasoning ? _matcher.ReleasedLength : 0));

    /// <summary>Leads text through the phase that it is in.</summary>
    /// <returns>What is left for the next phase.</returns>
    private string Feed(string text, List<AIContent> shown) => _phase switch
    {
        AnswerPhase.Start => FeedStart(text),
        AnswerPhase.Call => FeedCall(text, shown),
        _ => FeedText(text, shown),
    };

    private string FeedStart(string text)
    {
        _pending += text;
        ReadOnlySpan<char> begun = _pending.AsSpan().TrimStart();
        foreach (string opening in _openings)
        {
            if (begun.StartsWith(opening, StringComparison.Ordinal))
            {
                string rest = begun[opening.Length..].ToString();
                _pending = "";
                Enter(!_hasThought && opening == _form.Reasoning?.Open ? AnswerPhase.Reasoning : AnswerPhase.Call, rest);
                return rest;
            }

            if (opening.AsSpan().StartsWith(begun, StringComparison.Ordinal))
            {
                return ""; // white space alone, or the beginning of an opening
            }
        }

        return StartText();
    }

    /// <summary>What was not told apart is text after all.</summary>
    private string StartText()
    {
        string rest = _pending;
        _pending = "";
        Enter(AnswerPhase.Text, rest);
        return rest;
    }

    private string FeedCall(string text, List<AIContent> shown)
    {
        string rest = _scanner.Append(text);
        if (_scanner.IsComplete)
        {
            FunctionCallContent call = _scanner.ToContent();
            _calls.Add(call);
            shown.Add(call);
            Enter(AnswerPhase.CallEnd, rest);
        }

        return rest;
    }

    private string FeedText(string text, List<AIContent> shown)
    {
        Show(_matcher.Append(text), shown);
        if (!_matcher.IsMatched)
        {
            return "";
        }

        if (_matcher.Found < _stops)
        {
            IsStopped = true;
            return "";
        }

        string rest = _matcher.Rest;
        Enter(AfterMatch(_matcher.Found), rest);
        return rest;
    }

    /// <summary>The phase after a mark that was found.</summary>
    private AnswerPhase AfterMatch(int found)
    {
        switch (_phase)
        {
            case AnswerPhase.Reasoning when found == _stops:
                _hasThought = true;
                _openings = Openings(null, _form.Calls?.Open);
                return _openings.Length > 0 ? AnswerPhase.Start : AnswerPhase.Text;
            case AnswerPhase.CallEnd:
                return AnswerPhase.Between;
            default:
                return AnswerPhase.Call; // the opening mark of a call, in text, in thinking or after another call
        }
    }

    /// <summary>Begins a phase; what is left of the text belongs to it.</summary>
    private void Enter(AnswerPhase phase, string rest = "")
    {
        _phase = phase;
        _phaseStart = _ids.Length - rest.Length;
        string[] free = _form.IsConstrained ? [] : [.. _form.TemplateStops];
        string[] calls = _form is { IsConstrained: false, Calls: { } marks } ? [marks.Open] : [];
        (string[] stops, string[] marked) = phase switch
        {
            AnswerPhase.Text => (_form.IsConstrained ? free : [.. free, .. _form.UserStops], calls),
            AnswerPhase.Reasoning => (free, [_form.Reasoning!.Close, .. calls]),
            AnswerPhase.CallEnd => ([], [_form.Calls!.Close]),
            AnswerPhase.Between => ([], [_form.Calls!.Open]),
            _ => ((string[])[], (string[])[]),
        };
        _matcher = new StopSequenceMatcher([.. stops, .. marked]);
        _stops = stops.Length;
        if (phase == AnswerPhase.Call)
        {
            _scanner = new CallScanner();
        }
    }

    private void Show(string text, List<AIContent> shown)
    {
        while (_phase == AnswerPhase.Reasoning && _unopened.Length > 0 && text.Length > 0)
        {
            bool opens = text[0] == _unopened[0];
            text = opens ? text[1..] : text;
            _unopened = opens ? _unopened[1..] : "";
        }

        bool isFirst = _phase == AnswerPhase.Reasoning ? !_hasReasoned : _visible.Length == 0 && !_form.IsVerbatim;
        text = isFirst ? text.TrimStart() : text;
        if (text.Length == 0)
        {
            return;
        }

        if (_phase == AnswerPhase.Text)
        {
            _visible.Append(text);
            shown.Add(new TextContent(text));
        }
        else if (_phase == AnswerPhase.Reasoning)
        {
            _hasReasoned = true;
            if (_form.ShowsReasoning)
            {
                shown.Add(new TextReasoningContent(text));
            }
        }
    }

    private static string[] Openings(params ReadOnlySpan<string?> marks)
    {
        List<string> openings = [];
        foreach (string? mark in marks)
        {
            if (mark is not null)
            {
                openings.Add(mark);
            }
        }

        return [.. openings];
    }
}
