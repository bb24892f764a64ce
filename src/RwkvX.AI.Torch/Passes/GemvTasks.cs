namespace RwkvX.AI.Torch.Passes;

/// <summary>Divides groups of rows over the blocks of a launch: no block has rows of two groups, and the fullest block has as few as possible.</summary>
internal static class GemvTasks
{
    /// <summary>One (group, first row, end row, 0) a block.</summary>
    /// <param name="rows">Rows of each group; not more groups than blocks.</param>
    /// <param name="blocks">Blocks at most; fewer are used where that is as good.</param>
    public static int[] Divide(ReadOnlySpan<int> rows, int blocks)
    {
        // The smallest share, even because warps take rows in pairs, with which the blocks suffice.
        int share = 2;
        while (Blocks(rows, share) > blocks)
            share += 2;
        List<int> tasks = [];
        for (int group = 0; group < rows.Length; group++)
        {
            int parts = (rows[group] + share - 1) / share;
            int pairs = (rows[group] + 1) / 2;
            for (int part = 0; part < parts; part++)
            {
                int first = (int)((long)pairs * part / parts) * 2, end = (int)((long)pairs * (part + 1) / parts) * 2;
                tasks.AddRange([group, first, Math.Min(end, rows[group]), 0]);
            }
        }
        return [.. tasks];
    }

    private static int Blocks(ReadOnlySpan<int> rows, int share)
    {
        int blocks = 0;
        foreach (int r in rows)
            blocks += (r + share - 1) / share;
        return blocks;
    }
}
