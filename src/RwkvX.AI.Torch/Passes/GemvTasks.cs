namespace RwkvX.AI.Torch.Passes;

/// <summary>Divides groups of rows over the blocks of a launch: no block has rows of two groups, and the fullest block has as few as possible.</summary>
internal static class GemvTasks
{
    /// <summary>One (group, first row, end row, 0) a block.</summary>
    /// <param name="rows">Rows of each group; not more groups than blocks.</param>
    /// <param name="blocks">Blocks at most; fewer are used where that is as good.</param>
    /// <param name="costs">What a row of each group costs, the cheapest 1; empty where all are alike.</param>
    public static int[] Divide(ReadOnlySpan<int> rows, int blocks, ReadOnlySpan<int> costs = default)
    {
        // The smallest share, even because warps take rows in pairs, with which the blocks suffice.
        int share = 2;
        while (Blocks(rows, costs, share) > blocks)
            share += 2;
        List<int> tasks = [];
        for (int group = 0; group < rows.Length; group++)
        {
            int parts = Parts(rows, costs, share, group);
            int pairs = (rows[group] + 1) / 2;
            for (int part = 0; part < parts; part++)
            {
                int first = (int)((long)pairs * part / parts) * 2, end = (int)((long)pairs * (part + 1) / parts) * 2;
                tasks.AddRange([group, first, Math.Min(end, rows[group]), 0]);
            }
        }
        return [.. tasks];
    }

    private static int Blocks(ReadOnlySpan<int> rows, ReadOnlySpan<int> costs, int share)
    {
        int blocks = 0;
        for (int group = 0; group < rows.Length; group++)
            blocks += Parts(rows, costs, share, group);
        return blocks;
    }

    private static int Parts(ReadOnlySpan<int> rows, ReadOnlySpan<int> costs, int share, int group)
    {
        int most = costs.IsEmpty ? share : Math.Max(share / costs[group] / 2 * 2, 2);
        return (rows[group] + most - 1) / most;
    }
}
