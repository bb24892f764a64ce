using System.Text;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Chat;

/// <summary>Turns sampled ids into the text that the caller sees, and says which ids that text stands for.</summary>
/// <remarks>
/// White space at the start is not shown: a turn is trained as "Assistant: text". Nothing of a stop sequence is shown, and of the
/// template's stop sequences not even a beginning that the answer breaks off in. Not thread-safe: one for each answer.
/// </remarks>
internal sealed class AnswerText
{
    private const int Inside = -1;

    private readonly WorldTokenizer _tokenizer;
    private readonly StreamingDetokenizer _detokenizer;
    private readonly StopSequenceMatcher _matcher;
    private readonly int _templateStopCount;
    private readonly List<int> _ids = [];
    private readonly List<int> _ends = []; // per id: characters up to its end, or Inside where it ends inside a character
    private readonly StringBuilder _raw = new(); // everything decoded
    private readonly StringBuilder _visible = new();

    public AnswerText(WorldTokenizer tokenizer, IReadOnlyList<string> templateStops, IReadOnlyList<string> userStops)
    {
        _tokenizer = tokenizer;
        _detokenizer = new StreamingDetokenizer(tokenizer);
        _matcher = new StopSequenceMatcher([.. templateStops, .. userStops]);
        _templateStopCount = templateStops.Count;
    }

    /// <summary>All ids taken, those of a stop sequence included.</summary>
    public IReadOnlyList<int> Ids => _ids;

    /// <summary>Whether a stop sequence ended the answer.</summary>
    public bool IsStopped => _matcher.IsMatched;

    /// <summary>Whether the answer may turn out to end before the last ids: inside what may be a stop sequence or is half a character.</summary>
    public bool IsUndecided => _matcher.HeldLength > 0 || _detokenizer.HeldBytes > 0;

    /// <summary>What the caller has seen so far.</summary>
    public string Visible => _visible.ToString();

    /// <summary>Takes one id.</summary>
    /// <returns>What can now be shown, possibly nothing.</returns>
    public string Append(int id)
    {
        string text = _detokenizer.Append(id);
        _raw.Append(text);
        _ids.Add(id);
        _ends.Add(_detokenizer.HeldBytes == 0 ? _raw.Length : Inside);
        return Show(_matcher.Append(text));
    }

    /// <summary>Ends the answer. Half a character is dropped.</summary>
    /// <returns>The rest to be shown, usually nothing.</returns>
    public string Finish() => Show(_matcher.Finish(_templateStopCount));

    /// <summary>The ids of the answer, without what ended it. Where a stop sequence begins inside an id, what stands before it is encoded anew.</summary>
    public int[] KeptIds()
    {
        int length = _matcher.ReleasedLength;
        int count = _ids.Count;
        while (count > 0 && (_ends[count - 1] == Inside || _ends[count - 1] > length))
        {
            count--;
        }

        int start = count == 0 ? 0 : _ends[count - 1];
        return [.. _ids[..count], .. _tokenizer.Encode(_raw.ToString(start, length - start))];
    }

    private string Show(string text)
    {
        if (_visible.Length == 0)
        {
            text = text.TrimStart();
        }

        _visible.Append(text);
        return text;
    }
}
