using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;
using RwkvX.AI.Grammars;
using Xunit;

namespace RwkvX.AI.Tests.Grammars;

/// <summary>Whatever Microsoft.Extensions.AI makes of a .NET type as a schema is followed, and what is written reads back as that type.</summary>
public sealed class DotNetTypeTests(ITestOutputHelper output)
{
    /// <remarks>
    /// Left out is where the schema of a type says less than the type, so that nobody could know: ranges of small numbers, bytes as texts, flags, enums as
    /// keys. Attributes say it (<see cref="Annotated"/>).
    /// </remarks>
    public static TheoryData<Type> Types =>
    [
        typeof(bool), typeof(bool?), typeof(long), typeof(long?), typeof(double), typeof(decimal), typeof(float), typeof(Int128), typeof(System.Numerics.BigInteger),
        typeof(string), typeof(char), typeof(Guid), typeof(Uri), typeof(Version), typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly),
        typeof(TimeOnly), typeof(TimeSpan), typeof(TimeSpan?), typeof(DayOfWeek), typeof(DayOfWeek?), typeof(object), typeof(JsonElement),
        typeof(JsonNode), typeof(JsonObject), typeof(JsonArray), typeof(long[]), typeof(string[][]), typeof(List<Guid>), typeof(HashSet<string>),
        typeof(Dictionary<string, double>), typeof((long Left, string Right)), typeof(KeyValuePair<string, long>),
        typeof(Annotated), typeof(Shape), typeof(Shape[]), typeof(Tree), typeof(Required), typeof(Open), typeof(Shared), typeof(Dictionary<string, Tree?>),
        typeof(Memory<long>), typeof(IAsyncEnumerable<long>),
    ];

    [Theory]
    [MemberData(nameof(Types))]
    public void Schema_OfAType_IsFollowedAndReadBack(Type type)
    {
        JsonElement schema = AIJsonUtilities.CreateJsonSchema(type, serializerOptions: Options);
        output.WriteLine(schema.GetRawText());
        TokenGrammar grammar = new(Grammar.FromJsonSchema(schema), Vocabularies.Embedded);
        for (int seed = 0; seed < 12; seed++)
        {
            Sampling.Choice choice = seed % 2 == 0 ? Sampling.Uniform(new Random(seed)) : Sampling.Lengthwise(grammar.Vocabulary, new Random(seed));
            Sampling.Result result = Sampling.Generate(grammar, choice, grammar.MinimumTokens + (seed * 12));
            Assert.True(result.IsComplete);
            Assert.True(SchemaChecker.Explain(schema, result.Text) is null, result.Text);
            if (type == typeof(char) && result.Text.Any(char.IsSurrogate))
                continue; // schemas count characters, .NET's char and the attributes below UTF-16 units
            try
            {
                object? value = JsonSerializer.Deserialize(result.Text, type, Options);
                if (value is Annotated && !result.Text.Any(char.IsSurrogate)) Validator.ValidateObject(value, new ValidationContext(value), validateAllProperties: true);
            }
            catch (Exception e) when (e is JsonException or ValidationException or InvalidOperationException or FormatException)
            {
                Assert.Fail($"{result.Text}: {e}");
            }
        }
    }

    private static readonly JsonSerializerOptions Options = new(AIJsonUtilities.DefaultOptions) { IncludeFields = true };

    internal sealed class Annotated
    {
        [Range(1, 10)]
        public required int Few { get; init; }

        [Range(0.25, 1.0, MinimumIsExclusive = true)]
        public required double Share { get; init; }

        [StringLength(12, MinimumLength = 3)]
        public required string Name { get; init; }

        [Length(1, 3)]
        public required List<string> Some { get; init; }

        [MinLength(2), MaxLength(4)]
        public required string Code { get; init; }

        [RegularExpression("^[A-Z]{2}[0-9]{1,4}$")]
        public required string Plate { get; init; }

        [EmailAddress]
        public required string Mail { get; init; }

        [Url]
        public required string Link { get; init; }

        [Base64String]
        public required string Bytes { get; init; }

        [AllowedValues("red", "green")]
        public required string Colour { get; init; }

        [DeniedValues("", "none", "n/a"), StringLength(4)]
        public required string Given { get; init; }

        [DeniedValues(1, 3, 5), Range(0, 6)]
        public required int Even { get; init; }

        [DataType(DataType.Date)]
        public required string Day { get; init; }
    }

    [JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
    [JsonDerivedType(typeof(Circle), "circle")]
    [JsonDerivedType(typeof(Square), "square")]
    internal abstract record Shape(string? Label);

    internal sealed record Circle(string? Label, double Radius) : Shape(Label);

    internal sealed record Square(string? Label, double Side, Shape? Within = null) : Shape(Label);

    internal sealed record Tree(string Name, Tree? Left, IReadOnlyList<Tree> Others);

    internal sealed class Required
    {
        public required string Must { get; init; }

        public string? May { get; init; }

        [JsonIgnore]
        public string? Never { get; init; }

        [JsonPropertyName("another \"name\"")]
        public long Renamed { get; init; } = 3;
    }

    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
    internal sealed class Open
    {
        public long Known { get; set; }

        [JsonExtensionData]
        public Dictionary<string, JsonElement>? More { get; set; }
    }

    internal sealed record Shared(Guid First, Guid Second, Tree One, Tree Two);
}
