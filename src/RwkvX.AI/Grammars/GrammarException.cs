namespace RwkvX.AI.Grammars;

/// <summary>A JSON schema, text grammar or regular expression that cannot be followed exactly, and where the reason lies.</summary>
public sealed class GrammarException : Exception
{
    /// <summary>An error without a place.</summary>
    public GrammarException(string message) : base(message) { }

    /// <summary>An error at a place: a JSON pointer into the schema (<c>#/properties/a</c>), or <c>line:column</c> of a text grammar.</summary>
    public GrammarException(string message, string location) : base($"{location}: {message}") => Location = location;

    /// <summary>An error about a keyword of a JSON schema.</summary>
    public GrammarException(string message, string location, string keyword) : this(message, location) => Keyword = keyword;

    /// <summary>The same error of a part, named.</summary>
    internal GrammarException(string part, GrammarException error) : base($"{part}: {error.Message}", error) => (Location, Keyword) = (error.Location, error.Keyword);

    /// <summary>JSON pointer into the schema, or line and column of the text grammar; null where the whole is meant.</summary>
    public string? Location { get; }

    /// <summary>The JSON schema keyword that is not supported or wrongly used; null where there is none.</summary>
    public string? Keyword { get; }
}
