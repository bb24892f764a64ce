using System.Runtime.CompilerServices;
using RwkvX.AI.Cpu;
using Xunit;

namespace RwkvX.AI.Tests.Cpu;

public sealed unsafe class SlabsTests
{
    private const int HugePage = 2 << 20;

    [Fact]
    public void Take_PlacesForgotten_ComeBackWithTheirSlab()
    {
        Slabs slabs = new();
        Forget(slabs);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        NativeBuffer[] taken = [.. Enumerable.Range(0, 64).Select(_ => slabs.Take(16 << 10))];
        Array.ForEach(taken, buffer => buffer.Span.Fill(1));
        Assert.Equal(2, slabs.Count);
        Array.ForEach(taken, buffer => buffer.Dispose());
        slabs.Close();

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Forget(Slabs slabs)
        {
            for (int i = 0; i < 64; i++) slabs.Take(16 << 10);
            Assert.Equal(2, slabs.Count);
        }
    }

    [Theory]
    [InlineData(64 << 10, 32)]
    [InlineData((435 << 10) + 64, 5)] // the last place ends beyond the huge page
    [InlineData((3 << 20) + 64, 1)]
    public void Take_ManyPlaces_AreZeroApartAndInSlabsOfTwoMebibytes(int bytes, int places)
    {
        Slabs slabs = new();
        List<NativeBuffer> taken = [.. Enumerable.Range(0, (2 * places) + 1).Select(_ => slabs.Take(bytes / sizeof(float)))];
        Assert.Equal(3, slabs.Count);
        for (int i = 0; i < taken.Count; i++)
        {
            Assert.Equal(bytes, taken[i].Bytes);
            Assert.Equal(0, (nint)taken[i].Data % (i % places == 0 ? HugePage : 64));
            Assert.Equal(-1, taken[i].Span.IndexOfAnyExcept(0f));
            taken[i].Span.Fill(i + 1);
        }

        for (int i = 0; i < taken.Count; i++)
            Assert.Equal(-1, taken[i].Span.IndexOfAnyExcept(i + 1f));
        taken.ForEach(buffer => buffer.Dispose());
        slabs.Close();
        Assert.Equal(0, slabs.Count);
    }

    [Fact]
    public void Take_PlacesThatCameBack_AreLentAgainBeforeAnotherSlab()
    {
        Slabs slabs = new();
        NativeBuffer[] taken = [.. Enumerable.Range(0, 64).Select(_ => slabs.Take(16 << 10))];
        HashSet<nint> freed = [];
        for (int i = 0; i < taken.Length; i += 2)
        {
            taken[i].Span.Fill(1);
            freed.Add((nint)taken[i].Data);
            taken[i].Dispose();
            taken[i].Dispose(); // once is enough
        }

        using NativeBuffer other = slabs.Take(1 << 10); // another size has slabs of its own
        NativeBuffer[] again = [.. freed.Select(_ => slabs.Take(16 << 10))];
        Assert.True(freed.SetEquals(again.Select(buffer => (nint)buffer.Data)));
        Assert.All(again, buffer => Assert.Equal(-1, buffer.Span.IndexOfAnyExcept(0f)));
        Assert.Equal(3, slabs.Count);
    }

    [Fact]
    public void TakeBack_AllPlaces_KeepsAFewEmptySlabsAndNoneOnceClosed()
    {
        Slabs slabs = new();
        NativeBuffer[] taken = [.. Enumerable.Range(0, 20 * 32).Select(_ => slabs.Take(16 << 10))];
        Assert.Equal(20, slabs.Count);
        Array.ForEach(taken[1..], buffer => buffer.Dispose());
        Assert.Equal(5, slabs.Count); // 4 empty, and that of the first
        slabs.Close();
        Assert.Equal(1, slabs.Count);
        taken[0].Dispose();
        Assert.Equal(0, slabs.Count);
    }
}
