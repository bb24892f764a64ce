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
    public void Divide_RowsOfTwoCosts_DearestBlockIsNearTheMean()
    {
        int[] rows = [2560, 2560, 2560, 320, 96, 96, 64], costs = [1, 1, 1, 2, 2, 2, 2];
        int[] tasks = GemvTasks.Divide(rows, 132, costs);
        Assert.InRange(tasks.Length / 4, 1, 132);
        Assert.Equal(rows.Sum(), Enumerable.Range(0, tasks.Length / 4).Sum(i => tasks[4 * i + 2] - tasks[4 * i + 1]));
        int dearest = Enumerable.Range(0, tasks.Length / 4).Max(i => (tasks[4 * i + 2] - tasks[4 * i + 1]) * costs[tasks[4 * i]]);
        Assert.InRange(dearest, 67, 70); // 8,832 over 132 blocks
    }

    [Fact]
    public void Divide_TimeMixOfLargeModel_FullestBlockIsNearTheMean()
    {
        int[] tasks = GemvTasks.Divide([2560, 2560, 2560, 320, 96, 96, 64], 132);
        int fullest = Enumerable.Range(0, tasks.Length / 4).Max(i => tasks[4 * i + 2] - tasks[4 * i + 1]);
        Assert.InRange(fullest, 62, 66);
    }
}
