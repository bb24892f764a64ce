namespace RwkvX.AI.Torch.Passes;

// The argument structs of sample.cu, field for field as there.

internal struct SampleArgs
{
    public ulong Logits, Requests, Ids, Counts, Candidates, Chosen;
}

internal struct SampleRequest
{
    public double Draw;
    public float Temperature, TopP, MinP, Presence, Frequency, Repetition;
    public int TopK, Banned, BannedCount, Seen, SeenCount, Row;
}
