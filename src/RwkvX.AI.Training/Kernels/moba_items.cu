// Training: where each chunk's list begins, and items of work: a chunk with at most SPAN entries of its list. Between the two forms of
// moba_lists.cu; counts become the entries of a chunk's list that lie before a segment's.
// Launch: (B·H) blocks of 1,024 threads.

#define THREADS 1024
#define AT_ONCE 8 // counts on their way from memory
#define FULL 0xffffffffu

struct Args
{
    int *counts;  // (B·H, segments, chunks)
    int *offsets; // (B·H, chunks + 1) where a chunk's list begins
    int *firsts;  // (B·H, chunks + 1) its first item
    int *items;   // (B·H, most, 4) chunk, first and end of the entries
    int segments;
    int chunks;
    int most;
};

extern "C" __global__ void __launch_bounds__(THREADS) moba_items(const __grid_constant__ Args a)
{
    __shared__ int sums[2][THREADS / 32];
    const int thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
    const long long head = blockIdx.x;
    int *offsets = a.offsets + head * (a.chunks + 1), *firsts = a.firsts + head * (a.chunks + 1);
    int begin = 0, first = 0; // of this round's chunks
    for (int start = 0; start < a.chunks; start += THREADS)
    {
        const int chunk = start + thread;
        int total = 0;
        for (int s = 0; chunk < a.chunks && s < a.segments; s += AT_ONCE)
        {
            int *count = a.counts + (head * a.segments + s) * a.chunks + chunk, n[AT_ONCE];
#pragma unroll
            for (int i = 0; i < AT_ONCE; i++) n[i] = s + i < a.segments ? count[(long long)i * a.chunks] : 0;
#pragma unroll
            for (int i = 0; i < AT_ONCE; i++)
            {
                if (s + i < a.segments) count[(long long)i * a.chunks] = total;
                total += n[i];
            }
        }
        const int mine = (total + SPAN - 1) / SPAN;
        int entries = total, items = mine;
        for (int offset = 1; offset < 32; offset *= 2)
        {
            const int e = __shfl_up_sync(FULL, entries, offset), i = __shfl_up_sync(FULL, items, offset);
            if (lane >= offset)
            {
                entries += e;
                items += i;
            }
        }
        if (lane == 31)
        {
            sums[0][warp] = entries;
            sums[1][warp] = items;
        }
        __syncthreads();
        int all_entries = 0, all_items = 0;
        for (int w = 0; w < THREADS / 32; w++)
        {
            if (w == warp)
            {
                entries += all_entries;
                items += all_items;
            }
            all_entries += sums[0][w];
            all_items += sums[1][w];
        }
        if (chunk < a.chunks)
        {
            offsets[chunk] = begin + entries - total;
            firsts[chunk] = first + items - mine;
            for (int i = 0; i < mine; i++)
            {
                int *item = a.items + (head * a.most + firsts[chunk] + i) * 4;
                item[0] = chunk;
                item[1] = offsets[chunk] + i * SPAN;
                item[2] = offsets[chunk] + ((i + 1) * SPAN < total ? (i + 1) * SPAN : total);
            }
        }
        begin += all_entries;
        first += all_items;
        __syncthreads();
    }
    if (thread == 0)
    {
        offsets[a.chunks] = begin;
        firsts[a.chunks] = first;
    }
}
