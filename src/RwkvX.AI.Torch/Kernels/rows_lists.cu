// Prefill of one sequence: for each head, which rows chose which past chunk, in tiles of at most 128 rows of one chunk for the second mode
// of rows_attend_tiles.cu. A counting sort; the order of rows within a chunk is of no consequence.
// Launch: (H) blocks of 1,024 threads.

#include "common.cuh"

#define THREADS 1024
#define WARPS (THREADS / WARP)
#define TILE 128
#define PAST (TOPK - 1)
#define MAX_CHUNKS 4096
#define PER (MAX_CHUNKS / THREADS)

struct Args
{
    const int *chosen;  // (T, H, PAST)
    int rows;           // T
    int most;           // tiles of a head at most
    int *list;          // (H, T, PAST) row * PAST + which of its choices
    int *tiles;         // (H, most, 4) chunk, first and end of its part of `list`, 0
    int *counts;        // (H) tiles
};

extern "C" __global__ void __launch_bounds__(THREADS) rows_lists(const __grid_constant__ Args a)
{
    __shared__ int count[MAX_CHUNKS], at[MAX_CHUNKS], sums[2][WARPS];
    const int head = blockIdx.x, tid = threadIdx.x, lane = tid % WARP, warp = tid / WARP, entries = a.rows * PAST;
    for (int i = tid; i < MAX_CHUNKS; i += THREADS) count[i] = 0;
    __syncthreads();
    auto chunk_of = [&](int entry) { return a.chosen[((long long)(entry / PAST) * H + head) * PAST + entry % PAST]; };
    for (int i = tid; i < entries; i += THREADS)
    {
        const int chunk = chunk_of(i);
        if (chunk >= 0) atomicAdd(&count[chunk], 1);
    }
    __syncthreads();

    // Where each chunk's rows and tiles begin: a thread has PER chunks side by side.
    int rows = 0, tiles = 0;
#pragma unroll
    for (int i = 0; i < PER; i++)
    {
        const int n = count[tid * PER + i];
        rows += n;
        tiles += (n + TILE - 1) / TILE;
    }
    const int own_rows = rows, own_tiles = tiles;
#pragma unroll
    for (int m = 1; m < WARP; m <<= 1)
    {
        const int r = __shfl_up_sync(FULL, rows, m), t = __shfl_up_sync(FULL, tiles, m);
        if (lane >= m) { rows += r; tiles += t; }
    }
    if (lane == WARP - 1) { sums[0][warp] = rows; sums[1][warp] = tiles; }
    __syncthreads();
    for (int i = 0; i < warp; i++) { rows += sums[0][i]; tiles += sums[1][i]; }
    if (tid == THREADS - 1) a.counts[head] = tiles;
    rows -= own_rows;
    tiles -= own_tiles;
    for (int i = 0; i < PER; i++)
    {
        const int chunk = tid * PER + i, n = count[chunk];
        at[chunk] = rows;
        for (int k = 0; k < n; k += TILE, tiles++)
            ((int4 *)a.tiles)[(long long)head * a.most + tiles] = make_int4(chunk, rows + k, rows + min(k + TILE, n), 0);
        rows += n;
    }
    __syncthreads();
    for (int i = tid; i < entries; i += THREADS)
    {
        const int chunk = chunk_of(i);
        if (chunk >= 0) a.list[(long long)head * entries + atomicAdd(&at[chunk], 1)] = i;
    }
}
