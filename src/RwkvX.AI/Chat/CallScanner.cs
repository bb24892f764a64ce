using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace RwkvX.AI.Chat;

/// <summary>Collects the JSON of one call, <c>{"name": …, "arguments": {…}}</c>, from a text that comes in parts, up to its last brace.</summary>
/// <remarks>The text obeys a <see cref="Grammars.CallGrammar"/>: nothing is checked twice.</remarks>
internal sealed class CallScanner
{
    private readonly StringBuilder _json = new();
    private int _depth;
    private bool _isInString, _isEscaped;

    /// <summary>Whether the last brace has come.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Takes the next part of the text.</summary>
    /// <returns>What comes after the last brace.</returns>
    public string Append(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            Advance(text[i]);
            if (IsComplete)
            {
                _json.Append(text, 0, i + 1);
                return text[(i + 1)..];
            }
        }

        _json.Append(text);
        return "";
    }

    /// <summary>The call, with an id of its own.</summary>
    public FunctionCallContent ToContent()
    {
        using JsonDocument document = JsonDocument.Parse(_json.ToString());
        Dictionary<string, object?> arguments = [];
        foreach (JsonProperty argument in document.RootElement.GetProperty("arguments").EnumerateObject())
        {
            arguments[argument.Name] = argument.Value.ValueKind == JsonValueKind.Null ? null : argument.Value.Clone();
        }

        return new FunctionCallContent($"call_{Guid.NewGuid():N}", document.RootElement.GetProperty("name").GetString()!, arguments);
    }

    private void Advance(char c)
    {
        if (_isInString)
        {
            _isInString = _isEscaped || c != '"';
            _isEscaped = !_isEscaped && c == '\\';
            return;
        }

        _isInString = c == '"';
        _depth += c switch { '{' or '[' => 1, '}' or ']' => -1, _ => 0 };
        IsComplete = _depth == 0 && c == '}';
    }
}
