using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using RwkvX.AI.Chat;
using Xunit;

namespace RwkvX.AI.Tests.Chat;

public sealed class StopSequenceMatcherTests
{
    /// <summary>Few letters, so that sequences overlap, repeat and nearly match.</summary>
    public static class Abc
    {
        public static Arbitrary<(string[] Stops, string[] Parts)> Case() =>
            (from stops in Text(1, 5).ListOf(3)
             from parts in Text(0, 4).ListOf(8)
             select (stops.ToArray(), parts.ToArray())).ToArbitrary();

        private static Gen<string> Text(int least, int most) =>
            from length in Gen.Choose(least, most)
            from letters in Gen.Elements('a', 'b', '\n').ListOf(length)
            select new string([.. letters]);
    }

    [Property(Arbitrary = [typeof(Abc)], MaxTest = 5000)]
    public bool Append_AnyParts_EqualsTheNaiveTwin((string[] Stops, string[] Parts) example)
    {
        StopSequenceMatcher matcher = new(example.Stops);
        StringBuilder released = new(), seen = new();
        foreach (string part in example.Parts)
        {
            seen.Append(part);
            released.Append(matcher.Append(part));
            (string text, bool isMatched) = Naive(example.Stops, seen.ToString());
            if (released.ToString() != text || matcher.IsMatched != isMatched || matcher.ReleasedLength != text.Length)
            {
                return false;
            }
        }

        released.Append(matcher.Finish(0));
        return released.ToString() == (matcher.IsMatched ? Naive(example.Stops, seen.ToString()).Text : seen.ToString());
    }

    [Fact]
    public void Finish_PartOfADroppedSequence_DoesNotLeak()
    {
        StopSequenceMatcher matcher = new(["\n\nUser:", "end."]);
        Assert.Equal("Hello", matcher.Append("Hello\n\nUs"));
        Assert.Equal("", matcher.Finish(1));

        matcher = new(["\n\nUser:", "end."]);
        Assert.Equal("Hello ", matcher.Append("Hello en"));
        Assert.Equal(2, matcher.HeldLength);
        Assert.Equal("en", matcher.Finish(1));
    }

    [Fact]
    public void Append_SequenceOverThreeParts_ReleasesNothingOfIt()
    {
        StopSequenceMatcher matcher = new(["\n\nUser:"]);
        Assert.Equal("Hi.", matcher.Append("Hi.\n"));
        Assert.Equal("", matcher.Append("\nUse"));
        Assert.Equal("", matcher.Append("r: more"));
        Assert.True(matcher.IsMatched);
        Assert.Equal("", matcher.Append("even more"));
    }

    [Fact]
    public void Constructor_EmptySequence_Throws() => Assert.Throws<ArgumentException>(() => new StopSequenceMatcher([""]));

    /// <summary>Looks at every end in turn; what is free is what no continuation could make part of a sequence.</summary>
    private static (string Text, bool IsMatched) Naive(string[] stops, string text)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            int[] starts = [.. stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal)).Select(stop => end - stop.Length)];
            if (starts.Length > 0)
            {
                return (text[..starts.Min()], true);
            }
        }

        for (int start = 0; start < text.Length; start++)
        {
            if (stops.Any(stop => stop.StartsWith(text[start..], StringComparison.Ordinal)))
            {
                return (text[..start], false);
            }
        }

        return (text, false);
    }
}
