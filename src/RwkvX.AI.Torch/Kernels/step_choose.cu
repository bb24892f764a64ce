// Decode: appends k and v of this token to its page, keeps the chunk's mean key, and chooses the chunks that each head attends to.
// See docs/kernels/cuda-moba.md.
//
//   score(c) = q · mean(keys of chunk c), c over the full past chunks, f32, unscaled; the TOPK - 1 highest, ties to the lower index
// The mean is a running sum of the keys as stored, so it is never computed anew.
// Launch: (H, B) blocks of 256 threads.

#include "common.cuh"

#define THREADS 256
#define WARPS (THREADS / WARP)
#define PAST (TOPK - 1)
#define AHEAD 8
#define SEGMENT 2048 // chunks scored before their best are taken: bounds shared memory for any context

struct Args
{
    const float *q, *k, *v;              // (B, stride)
    int stride;
    float *const *states;                // (B)
    long long sum_offset;                // of key_sum in a state
    const unsigned long long *const *tables; // (B) page tables
    const int *positions;                // (B) tokens before this one
    int layer;                           // sparse layer
    int *chosen;                         // (B, H, max(PAST, 1)): chunk or -1
};

extern "C" __global__ void __launch_bounds__(THREADS) step_choose(const __grid_constant__ Args a)
{
    __shared__ float scores[SEGMENT + PAST + 1];
    __shared__ int ids[PAST + 1];
    __shared__ float best[WARPS];
    __shared__ int best_at[WARPS];

    const int head = blockIdx.x, b = blockIdx.y, tid = threadIdx.x, warp = tid / WARP, lane = tid % WARP;
    let_next_start();
    wait_for_previous();
    const int position = a.positions[b], chunk = position / CHUNK, row = b * a.stride + head * N;
    const unsigned long long *table = a.tables[b];

    if (tid < N)
    {
        const unsigned long long page = table[position / PAGE];
        const weight k = narrow(a.k[row + tid]);
        const int at = position % PAGE * N + tid;
        page_keys(page, a.layer, head)[at] = k;
        page_values(page, a.layer, head)[at] = narrow(a.v[row + tid]);
        float *sum = a.states[b] + a.sum_offset + head * N + tid;
        const float f = *sum + widen(k);
        const bool full = (position + 1) % CHUNK == 0;
        if (full) page_mean(page, a.layer, head)[tid] = f / CHUNK;
        *sum = full ? 0.0f : f;
    }
#if TOPK > 1
    const float4 q = *(const float4 *)(a.q + row + lane % 16 * 4);
    int kept = 0; // best of the segments so far: scores[0 … kept), ids[0 … kept), in descending order
    for (int first = 0; first < chunk; first += SEGMENT)
    {
        const int n = min(SEGMENT, chunk - first);
        // Half a warp a chunk, 16 bytes a lane; several chunks' means are on their way at once, since each waits for its page's address.
        for (int c0 = tid / 16; c0 < (n + 1) / 2 * 2; c0 += AHEAD * (THREADS / 16))
        {
            float4 means[AHEAD];
#pragma unroll
            for (int u = 0; u < AHEAD; u++)
            {
                const int c = min(c0 + u * (THREADS / 16), n - 1);
                means[u] = *(const float4 *)(page_mean(table[(first + c + 1) * PAGES_PER_CHUNK - 1], a.layer, head) + lane % 16 * 4);
            }
#pragma unroll
            for (int u = 0; u < AHEAD; u++)
            {
                const int c = c0 + u * (THREADS / 16);
                float dot = q.x * means[u].x + q.y * means[u].y + q.z * means[u].z + q.w * means[u].w;
#pragma unroll
                for (int m = 8; m > 0; m >>= 1) dot += __shfl_xor_sync(FULL, dot, m);
                if (lane % 16 == 0 && c < n) scores[PAST + 1 + c] = dot;
            }
        }
        __syncthreads();
        // Candidates: the kept ones (all of lower index), then this segment's. PAST rounds of arg-max.
        float won[PAST > 0 ? PAST : 1];
        int won_id[PAST > 0 ? PAST : 1];
        const int rounds = min(PAST, kept + n);
        int found = 0;
        for (int t = 0; t < rounds; t++)
        {
            float top = -INFINITY;
            int at = 0x7fffffff;
            for (int c = tid; c < kept + n; c += THREADS)
            {
                const int place = c < kept ? c : PAST + 1 + c - kept;
                if (scores[place] > top) { top = scores[place]; at = c; }
            }
#pragma unroll
            for (int m = 16; m > 0; m >>= 1)
            {
                const float other = __shfl_xor_sync(FULL, top, m);
                const int other_at = __shfl_xor_sync(FULL, at, m);
                if (other > top || (other == top && other_at < at)) { top = other; at = other_at; }
            }
            if (lane == 0) { best[warp] = top; best_at[warp] = at; }
            __syncthreads();
            top = best[0];
            at = best_at[0];
#pragma unroll
            for (int w = 1; w < WARPS; w++)
                if (best[w] > top || (best[w] == top && best_at[w] < at)) { top = best[w]; at = best_at[w]; }
            if (at == 0x7fffffff) break; // only dropped chunks are left; the same for all threads
            found = t + 1;
            won[t] = top;
            won_id[t] = at < kept ? ids[at] : first + at - kept;
            __syncthreads();
            if (tid == 0) scores[at < kept ? at : PAST + 1 + at - kept] = -INFINITY;
            __syncthreads();
        }
        if (tid == 0)
            for (int t = 0; t < found; t++) { scores[t] = won[t]; ids[t] = won_id[t]; }
        kept = found;
        __syncthreads();
    }
    if (tid < PAST)
    {
        const int id = tid < kept ? ids[tid] : -1;
        a.chosen[(b * H + head) * PAST + tid] = id;
        count_look(table, id, a.layer);
    }
#endif
}
