namespace RwkvX.AI.Torch.Passes;

/// <summary>The division of one product's rows over blocks: where it lies in the buffers, how many blocks, and what is to lie there.</summary>
internal sealed record GemvTaskList(long Offset, int Blocks, int[] Tasks);
