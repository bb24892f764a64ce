// Prefill: the chunks that each row and head attends to besides its own. A thread has two rows of one head: their queries and the best so far, in
// order, are registers; the means of 64 chunks lie in shared memory, where a piece of a mean serves all rows of a warp at once. Scores are never
// stored. See docs/kernels/cuda-moba.md.
// Launch: (ceil(T / 128), H) blocks of 64 threads.

#include "common.cuh"

#define THREADS 64
#define ROWS 2    // a thread, THREADS apart
#define BATCH 64  // chunks in shared memory
#define AHEAD 2   // chunks scored side by side
#define PAST (TOPK - 1)

struct Args
{
    const float *qkv;                        // (T, 3C)
    const int *segments;                     // (T)
    const int *starts;                       // (S + 1)
    const unsigned long long *const *tables; // (S)
    const int *positions;                    // (S)
    int layer;
    int *chosen;                             // (T, H, PAST)
    int rows;                                // T
};

extern "C" __global__ void __launch_bounds__(THREADS) rows_choose(const __grid_constant__ Args a)
{
#if TOPK > 1
    __shared__ __align__(16) float4 means[BATCH][N / 4];
    const int head = blockIdx.y, tid = threadIdx.x, first = blockIdx.x * (THREADS * ROWS), end = min(first + THREADS * ROWS, a.rows);
    float4 q[ROWS][N / 4];
    float best[ROWS][PAST];
    int id[ROWS][PAST], segment[ROWS], own[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; r++)
    {
        const int row = first + tid + r * THREADS, there = min(row, end - 1);
        segment[r] = a.segments[there];
        own[r] = row < end ? (a.positions[segment[r]] + there - a.starts[segment[r]]) / CHUNK : 0;
        const float4 *from = (const float4 *)(a.qkv + (long long)there * (3 * C) + head * N);
#pragma unroll
        for (int i = 0; i < N / 4; i++) q[r][i] = from[i];
#pragma unroll
        for (int i = 0; i < PAST; i++) { best[r][i] = -INFINITY; id[r][i] = -1; }
    }
    for (int s = a.segments[first]; s <= a.segments[end - 1]; s++)
    {
        const unsigned long long *table = a.tables[s];
        const int chunks = (a.positions[s] + min(end, a.starts[s + 1]) - 1 - a.starts[s]) / CHUNK; // before the last of these rows' own
        for (int base = 0; base < chunks; base += BATCH)
        {
            const int count = min(BATCH, chunks - base);
            __syncthreads();
            for (int i = tid; i < count * (N / 4); i += THREADS)
                means[i / (N / 4)][i % (N / 4)] = ((const float4 *)page_mean(table[(base + i / (N / 4) + 1) * PAGES_PER_CHUNK - 1], a.layer, head))[i % (N / 4)];
            __syncthreads();
            int seen[ROWS];
#pragma unroll
            for (int r = 0; r < ROWS; r++) seen[r] = segment[r] == s ? own[r] - base : 0;
            for (int c = 0; c < count; c += AHEAD)
            {
                float score[ROWS][AHEAD] = {};
#pragma unroll
                for (int i = 0; i < N / 4; i++)
#pragma unroll
                    for (int u = 0; u < AHEAD; u++)
                    {
                        const float4 m = means[min(c + u, count - 1)][i];
#pragma unroll
                        for (int r = 0; r < ROWS; r++)
                        {
                            const float4 f = q[r][i];
                            score[r][u] = fmaf(f.x, m.x, fmaf(f.y, m.y, fmaf(f.z, m.z, fmaf(f.w, m.w, score[r][u]))));
                        }
                    }
                // Chunks come in ascending order and only a strictly higher score displaces: ties go to the lower index.
#pragma unroll
                for (int u = 0; u < AHEAD; u++)
#pragma unroll
                    for (int r = 0; r < ROWS; r++)
                    {
                        if (c + u >= min(seen[r], count) || !(score[r][u] > best[r][PAST - 1])) continue;
                        float high = score[r][u];
                        int at = base + c + u;
#pragma unroll
                        for (int i = 0; i < PAST; i++)
                            if (high > best[r][i])
                            {
                                const float lower = best[r][i];
                                const int lower_at = id[r][i];
                                best[r][i] = high;
                                id[r][i] = at;
                                high = lower;
                                at = lower_at;
                            }
                    }
            }
        }
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++)
    {
        const int row = first + tid + r * THREADS;
        if (row >= end) continue;
#pragma unroll
        for (int i = 0; i < PAST; i++)
        {
            a.chosen[((long long)row * H + head) * PAST + i] = id[r][i];
            count_look(a.tables[segment[r]], id[r][i], a.layer);
        }
    }
#endif
}
