// Prefill: the chunks that each row and head attends to besides its own. One warp a row and head; lanes score 32 chunks at a time and
// hold the best so far in order, lane i the i-th. Scores over all chunks are never stored. See docs/kernels/cuda-moba.md.
// Launch: (T, ceil(H / 8)) blocks of 256 threads.

#include "common.cuh"

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
};

extern "C" __global__ void __launch_bounds__(256) rows_choose(const __grid_constant__ Args a)
{
    __shared__ __align__(16) float queries[8][N];
    const int warp = threadIdx.x / WARP, lane = threadIdx.x % WARP, head = blockIdx.y * 8 + warp;
    if (head >= H) return;
    const long long t = blockIdx.x;
    const int segment = a.segments[t], position = a.positions[segment] + (int)t - a.starts[segment], own = position / CHUNK;
    const unsigned long long *table = a.tables[segment];
    const float *q = a.qkv + t * (3 * C) + head * N;
    queries[warp][lane] = q[lane];
    queries[warp][lane + WARP] = q[lane + WARP];
    __syncwarp();
    float best = -INFINITY;
    int id = -1;
    for (int first = 0; first < own; first += WARP)
    {
        const int chunk = first + lane;
        float score = -INFINITY;
        if (chunk < own)
        {
            const float4 *mean = (const float4 *)page_mean(table[(chunk + 1) * PAGES_PER_CHUNK - 1], a.layer, head);
            score = 0;
#pragma unroll
            for (int i = 0; i < N / 4; i++)
            {
                const float4 m = mean[i], f = ((const float4 *)queries[warp])[i];
                score = fmaf(f.x, m.x, fmaf(f.y, m.y, fmaf(f.z, m.z, fmaf(f.w, m.w, score))));
            }
        }
        // Chunks come in ascending order and only a strictly higher score displaces: ties go to the lower index.
        while (true)
        {
            const float worst = __shfl_sync(FULL, best, PAST - 1);
            const float top = warp_max(score);
            if (!(top > worst)) break;
            const int from = __ffs(__ballot_sync(FULL, score == top)) - 1;
            const int at = __popc(__ballot_sync(FULL, lane < PAST && best >= top));
            const float up = __shfl_up_sync(FULL, best, 1);
            const int up_id = __shfl_up_sync(FULL, id, 1);
            if (lane == at) { best = top; id = first + from; }
            else if (lane > at) { best = up; id = up_id; }
            if (lane == from) score = -INFINITY;
        }
    }
    if (lane < PAST)
    {
        const int chosen = best > -INFINITY ? id : -1;
        a.chosen[(t * H + head) * PAST + lane] = chosen;
        count_look(table, chosen, a.layer);
    }
}
