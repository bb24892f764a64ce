using RwkvX.AI.Generation;
using Xunit;

namespace RwkvX.AI.Tests.Generation;

public sealed class SamplingOptionsTests
{
    public static TheoryData<string, SamplingOptions> Wrong() => new()
    {
        { nameof(SamplingOptions.Temperature), new SamplingOptions { Temperature = -0.1f } },
        { nameof(SamplingOptions.Temperature), new SamplingOptions { Temperature = float.NaN } },
        { nameof(SamplingOptions.Temperature), new SamplingOptions { Temperature = float.PositiveInfinity } },
        { nameof(SamplingOptions.TopP), new SamplingOptions { TopP = 1.01f } },
        { nameof(SamplingOptions.TopK), new SamplingOptions { TopK = -1 } },
        { nameof(SamplingOptions.MinP), new SamplingOptions { MinP = 2 } },
        { nameof(SamplingOptions.PresencePenalty), new SamplingOptions { PresencePenalty = 101 } },
        { nameof(SamplingOptions.FrequencyPenalty), new SamplingOptions { FrequencyPenalty = float.NaN } },
        { nameof(SamplingOptions.RepetitionPenalty), new SamplingOptions { RepetitionPenalty = 0 } },
        { nameof(SamplingOptions.PenaltyDecay), new SamplingOptions { PenaltyDecay = 1.5f } },
        { nameof(SamplingOptions.BannedTokens), new SamplingOptions { BannedTokens = [10] } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Validate_ValueOutsideItsRange_NamesTheOption(string option, SamplingOptions options)
    {
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(() => options.Validate(10));
        Assert.StartsWith(option + ": expected", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_Defaults_Pass() => new SamplingOptions().Validate(1);
}
