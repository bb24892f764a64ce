using RwkvX.AI.Generation;
using Xunit;

namespace RwkvX.AI.Tests.Generation;

public sealed class SamplerTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(65_537)]
    public void Sample_TemperatureZero_ReturnsLowestIndexOfTheHighest(int vocabSize)
    {
        Random random = new(vocabSize);
        Sampler sampler = new(new SamplingOptions { Temperature = 0 }, vocabSize);
        for (int round = 0; round < 50; round++)
        {
            float[] logits = RandomLogits(random, vocabSize, levels: 5); // few levels: many ties
            float highest = logits.Max();
            Assert.Equal(Array.FindIndex(logits, x => x == highest), sampler.Sample(logits));
        }
    }

    [Fact]
    public void Sample_TemperatureZeroWithBothZeros_ReturnsLowestIndex()
    {
        Sampler sampler = new(new SamplingOptions { Temperature = 0 }, 3);
        Assert.Equal(1, sampler.Sample([-1f, -0f, 0f]));
    }

    [Fact]
    public void Sample_TopPZero_ReturnsArgMax()
    {
        Random random = new(3);
        Sampler sampler = new(new SamplingOptions { TopP = 0, Seed = 3 }, 100);
        for (int round = 0; round < 50; round++)
        {
            float[] logits = RandomLogits(random, 100);
            Assert.Equal(Array.IndexOf(logits, logits.Max()), sampler.Sample(logits));
        }
    }

    [Fact]
    public void Sample_TopKOneWithTies_ReturnsLowestIndex()
    {
        Sampler sampler = new(new SamplingOptions { TopK = 1, Seed = 1 }, 4);
        Assert.All(Enumerable.Range(0, 50), _ => Assert.Equal(1, sampler.Sample([0f, 2f, 2f, 2f])));
    }

    public static TheoryData<SamplingOptions> Settings() =>
    [
        new SamplingOptions(),
        new SamplingOptions { Temperature = 0.7f, TopP = 0.8f },
        new SamplingOptions { Temperature = 1.5f, TopK = 5 },
        new SamplingOptions { TopK = 12, TopP = 0.6f, MinP = 0.02f },
        new SamplingOptions { MinP = 0.1f },
        new SamplingOptions { MinP = 0.05f, TopP = 0.9f },
        new SamplingOptions { Temperature = 3, BannedTokens = [0, 3, 17] },
        new SamplingOptions { Temperature = 0.05f },
        new SamplingOptions { TopP = 0.999f },
    ];

    [Theory]
    [MemberData(nameof(Settings))]
    public void Sample_ManyDraws_FollowTheReferenceDistribution(SamplingOptions options)
    {
        const int Draws = 40_000;
        float[] logits = RandomLogits(new Random(11), 300);
        logits[5] = float.NegativeInfinity;
        double[] expected = new ReferenceSampler(options).Distribution(logits);
        Sampler sampler = new(options with { Seed = 20 }, logits.Length);
        int[] counts = new int[logits.Length];
        for (int i = 0; i < Draws; i++)
        {
            counts[sampler.Sample(logits)]++;
        }

        Assert.All(Enumerable.Range(0, counts.Length), i => Assert.True(counts[i] == 0 || expected[i] > 0, $"token {i} was filtered, yet drawn"));
        (double chiSquare, int freedom) = ChiSquare(expected, counts, Draws);
        Assert.True(chiSquare < freedom + (5 * Math.Sqrt(2 * Math.Max(freedom, 1))), $"chi-square {chiSquare:F1} at {freedom} degrees of freedom");
    }

    [Fact]
    public void Sample_Penalties_EqualTheReferenceStepByStep()
    {
        Random random = new(9);
        for (int round = 0; round < 200; round++)
        {
            SamplingOptions options = new()
            {
                Temperature = 0,
                PresencePenalty = random.NextSingle(),
                FrequencyPenalty = random.NextSingle(),
                RepetitionPenalty = 0.8f + random.NextSingle(),
                PenaltyDecay = round % 2 == 0 ? 1 : 0.9f,
            };
            Sampler sampler = new(options, 12);
            ReferenceSampler reference = new(options);
            float[] logits = RandomLogits(random, 12);
            for (int step = 0; step < 30; step++)
            {
                int token = sampler.Sample(logits);
                Assert.Equal(Array.IndexOf(reference.Distribution(logits), 1), token);
                reference.Count(token);
            }
        }
    }

    [Fact]
    public void Sample_SameSeed_GivesTheSameTokens()
    {
        float[] logits = RandomLogits(new Random(4), 1000);
        int[] Run(long seed)
        {
            Sampler sampler = new(new SamplingOptions { Seed = seed }, 1000);
            return [.. Enumerable.Range(0, 64).Select(_ => sampler.Sample(logits))];
        }

        Assert.Equal(Run(1L << 40), Run(1L << 40));
        Assert.NotEqual(Run(1L << 40), Run((1L << 40) + 1));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Sample_BrokenLogit_Throws(float broken)
    {
        float[] logits = RandomLogits(new Random(5), 40);
        logits[31] = broken;
        Assert.Contains("broken", Assert.Throws<InvalidOperationException>(() => new Sampler(new SamplingOptions(), 40).Sample(logits)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => new Sampler(new SamplingOptions { BannedTokens = [31] }, 40).Sample(logits));
    }

    [Fact]
    public void Sample_EverythingBanned_Throws()
    {
        Sampler sampler = new(new SamplingOptions { BannedTokens = [0, 1] }, 3);
        Assert.Throws<InvalidOperationException>(() => sampler.Sample([1f, 2f, float.NegativeInfinity]));
        Assert.Equal(2, sampler.Sample([1f, 2f, -50f]));
    }

    [Fact]
    public void Sample_Mask_GivesTheDistributionOfWhatItAllows()
    {
        Random random = new(21);
        foreach (int vocabSize in new[] { 63, 64, 65, 300 })
        {
            float[] logits = RandomLogits(random, vocabSize);
            ulong[] allowed = new ulong[TokenMask.Words(vocabSize)];
            float[] masked = new float[vocabSize];
            Array.Fill(masked, float.NegativeInfinity);
            for (int i = 0; i < vocabSize; i++)
            {
                if (random.Next(3) == 0)
                {
                    allowed[i / 64] |= 1UL << (i % 64);
                    masked[i] = logits[i];
                }
            }

            allowed[^1] |= vocabSize % 64 == 0 ? 0 : ulong.MaxValue << (vocabSize % 64); // bits beyond V mean nothing
            foreach (SamplingOptions options in new[] { new SamplingOptions { Seed = 5 }, new SamplingOptions { Seed = 5, TopK = 9, TopP = 0.9f }, new SamplingOptions { Temperature = 0 } })
            {
                Sampler sampler = new(options, vocabSize), twin = new(options, vocabSize);
                Assert.All(Enumerable.Range(0, 200), _ => Assert.Equal(twin.Sample(masked), sampler.Sample(logits, allowed)));
            }
        }
    }

    [Fact]
    public void Sample_MaskOfTokensWithoutAChance_TakesOneOfThem()
    {
        float[] logits = [3f, float.NegativeInfinity, 2f, float.NegativeInfinity];
        Sampler sampler = new(new SamplingOptions { Seed = 1 }, 4);
        Assert.Equal([1, 3], Enumerable.Range(0, 50).Select(_ => sampler.Sample(logits, [0b1010UL])).Distinct().Order());
        Assert.Throws<InvalidOperationException>(() => new Sampler(new SamplingOptions { BannedTokens = [1] }, 4).Sample(logits, [0b0010UL]));
    }

    [Fact]
    public void Sample_WrongLength_Throws() =>
        Assert.Throws<ArgumentException>(() => new Sampler(new SamplingOptions(), 3).Sample([1f, 2f]));

    [Fact]
    public void Sample_AfterTheFirst_AllocatesNothing()
    {
        float[] logits = RandomLogits(new Random(8), 4096);
        foreach (SamplingOptions options in new[]
                 {
                     new SamplingOptions { Temperature = 0 },
                     new SamplingOptions { MinP = 0.01f },
                     new SamplingOptions { TopP = 0.9f, TopK = 50, FrequencyPenalty = 0.5f, PenaltyDecay = 0.996f, BannedTokens = [0] },
                 })
        {
            Sampler sampler = new(options, logits.Length);
            sampler.Sample(logits);
            Assert.Equal(0, Enumerable.Range(0, 5).Min(_ => Allocated(sampler))); // the runtime's own first times fall into some rounds, a sampler's into all
        }

        long Allocated(Sampler sampler)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++) sampler.Sample(logits);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private static float[] RandomLogits(Random random, int count, int levels = 0) =>
        [.. Enumerable.Range(0, count).Select(_ => levels > 0 ? random.Next(levels) : (random.NextSingle() * 12) - 6)];

    private static (double ChiSquare, int Freedom) ChiSquare(double[] expected, int[] counts, int draws)
    {
        double sum = 0, restExpected = 0, restCount = 0;
        int cells = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double mean = expected[i] * draws;
            if (mean < 10)
            {
                restExpected += mean; // thin cells are pooled
                restCount += counts[i];
                continue;
            }

            sum += (counts[i] - mean) * (counts[i] - mean) / mean;
            cells++;
        }

        return restExpected < 10 ? (sum, cells - 1) : (sum + ((restCount - restExpected) * (restCount - restExpected) / restExpected), cells);
    }
}
