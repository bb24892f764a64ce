using Xunit;

namespace RwkvX.AI.Cli.Tests;

public sealed class ScheduleTests
{
    [Theory]
    [InlineData("sequence", int.MaxValue)]
    [InlineData("step", 1)]
    [InlineData("split:1", 1)]
    [InlineData("split:5000", 5000)]
    public void Parse_Schedule_GivesItsPieces(string text, int length) => Assert.Equal(length, Schedule.Parse(text)!.Value.PieceLength);

    [Theory]
    [InlineData("")]
    [InlineData("Step")]
    [InlineData("split")]
    [InlineData("split:")]
    [InlineData("split:0")]
    [InlineData("split:-1")]
    [InlineData("split: 7")]
    [InlineData("split:99999999999")]
    public void Parse_AnythingElse_IsNull(string text) => Assert.Null(Schedule.Parse(text));
}
