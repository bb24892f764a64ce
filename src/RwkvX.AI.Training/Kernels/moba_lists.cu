// Training: which queries see a chunk, by chunk: an entry is query · (CHOICES + 1) + which of its choices, the last being its own chunk.
// A stable counting sort over segments of queries, so that whatever is summed in the order of a list repeats bit for bit.
//   PLACE 0  counts (B·H, segments, chunks): how many of a segment's queries see a chunk
//   PLACE 1  list (B·H, T · (CHOICES + 1)), after moba_items.cu has made counts into places in a chunk's list and set where that begins
// A query sees a chunk once, so a mask of a segment's queries has all there is to know about a chunk.
// Launch: (ceil(T / 256), B·H) blocks of 256 threads.

#define THREADS 256
#define SEGMENT 256
#define WORDS (SEGMENT / 32)
#define PASS 1024 // chunks at a time
#define SEEN (CHOICES + 1)

struct Args
{
    const int *chosen;  // (B·H, T, CHOICES)
    int *counts;
    const int *offsets; // (B·H, chunks + 1)
    int *list;
    int tokens;
    int chunks;         // the last one may be part of one
};

extern "C" __global__ void __launch_bounds__(THREADS) moba_lists(const __grid_constant__ Args a)
{
    __shared__ unsigned masks[PASS * WORDS];
    const int thread = threadIdx.x, first = blockIdx.x * SEGMENT, rows = a.tokens - first < SEGMENT ? a.tokens - first : SEGMENT;
    const long long head = blockIdx.y;
    int *counts = a.counts + (head * gridDim.x + blockIdx.x) * a.chunks;
    auto chunk_of = [&](int entry)
    {
        const int row = first + entry / SEEN, choice = entry % SEEN;
        return choice < CHOICES ? a.chosen[(head * a.tokens + row) * CHOICES + choice] : row / CHUNK;
    };
    for (int start = 0; start < a.chunks; start += PASS)
    {
        for (int i = thread; i < PASS * WORDS; i += THREADS) masks[i] = 0;
        __syncthreads();
        for (int entry = thread; entry < rows * SEEN; entry += THREADS)
        {
            const int chunk = chunk_of(entry) - start, row = entry / SEEN;
            if (chunk >= 0 && chunk < PASS) atomicOr(&masks[chunk * WORDS + row / 32], 1u << (row % 32));
        }
        __syncthreads();
#if PLACE
        for (int entry = thread; entry < rows * SEEN; entry += THREADS)
        {
            const int seen = chunk_of(entry), chunk = seen - start, row = entry / SEEN;
            if (seen < 0 || chunk < 0 || chunk >= PASS) continue;
            int before = __popc(masks[chunk * WORDS + row / 32] & ((1u << (row % 32)) - 1));
            for (int w = 0; w < row / 32; w++) before += __popc(masks[chunk * WORDS + w]);
            a.list[head * a.tokens * SEEN + a.offsets[head * (a.chunks + 1) + seen] + counts[seen] + before] = first * SEEN + entry;
        }
#else
        for (int chunk = thread; chunk < PASS && start + chunk < a.chunks; chunk += THREADS)
        {
            int count = 0;
            for (int w = 0; w < WORDS; w++) count += __popc(masks[chunk * WORDS + w]);
            counts[start + chunk] = count;
        }
#endif
        __syncthreads();
    }
}
