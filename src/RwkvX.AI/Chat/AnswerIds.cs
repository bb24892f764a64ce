using System.Text;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Chat;

/// <summary>The ids of an answer and the text that they stand for, place by place.</summary>
internal sealed class AnswerIds(WorldTokenizer tokenizer)
{
    private const int Inside = -1;

    private readonly StreamingDetokenizer _detokenizer = new(tokenizer);
    private readonly List<int> _ids = [];
    private readonly List<int> _ends = []; // per id: characters up to its end, or Inside where it ends inside a character
    private readonly StringBuilder _text = new();

    /// <summary>All ids, in order.</summary>
    public IReadOnlyList<int> All => _ids;

    /// <summary>Everything decoded.</summary>
    public string Text => _text.ToString();

    /// <summary>Characters decoded.</summary>
    public int Length => _text.Length;

    /// <summary>Whether the last id ends inside a character.</summary>
    public bool IsInsideCharacter => _detokenizer.HeldBytes > 0;

    /// <summary>Takes one id.</summary>
    /// <returns>The characters that it completes.</returns>
    public string Add(int id)
    {
        string text = _detokenizer.Append(id);
        _text.Append(text);
        _ids.Add(id);
        _ends.Add(IsInsideCharacter ? Inside : _text.Length);
        return text;
    }

    /// <summary>Ids of the first characters: those taken as far as they go, and what is left of the last one encoded anew.</summary>
    /// <param name="length">How many characters.</param>
    public int[] UpTo(int length)
    {
        int count = _ids.Count;
        while (count > 0 && (_ends[count - 1] == Inside || _ends[count - 1] > length))
        {
            count--;
        }

        int start = count == 0 ? 0 : _ends[count - 1];
        return [.. _ids[..count], .. tokenizer.Encode(_text.ToString(start, length - start))];
    }
}
