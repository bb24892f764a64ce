using RwkvX.AI.Torch.Passes;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

public sealed class GemvTasksTests
{
    [Theory]
    [InlineData(132, 2560, 2560, 2560, 320, 96, 96, 64)]
    [InlineData(132, 128, 128, 128, 20, 8, 12, 7)]
    [InlineData(132, 65536)]
    [InlineData(7, 3, 1, 1)]
    public void Divide_AnyGroups_CoverEveryRowOnceInBlocksOfOneGroup(int blocks, params int[] rows)
    {
        int[] tasks = GemvTasks.Divide(rows, blocks);
        Assert.InRange(tasks.Length / 4, 1, blocks);
        int[][] seen = [.. rows.Select(r => new int[r])];
        for (int i = 0; i < tasks.Length; i += 4)
            for (int row = tasks[i + 1]; row < tasks[i + 2]; row++)
                seen[tasks[i]][row]++;
        Assert.All(seen, group => Assert.All(group, count => Assert.Equal(1, count)));
    }

    [Fact]
    public void Divide_TimeMixOfLargeModel_FullestBlockIsNearTheMean()
    {
        int[] tasks = GemvTasks.Divide([2560, 2560, 2560, 320, 96, 96, 64], 132);
        int fullest = Enumerable.Range(0, tasks.Length / 4).Max(i => tasks[4 * i + 2] - tasks[4 * i + 1]);
        Assert.InRange(fullest, 62, 66);
    }
}
