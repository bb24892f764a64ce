// Decode: x += Value · k of a channel mix, with the rows of zero relu² skipped. See docs/kernels/value.md.
//
// The value matrix lies transposed, (F, C): inner index i owns one contiguous row, and where k_i = 0 for every sequence of the
// batch that row is not read at all (lossless; half of them with random weights, 85-90% in trained models).
// Launch: COLUMNS × SPLITS blocks of 512 threads: a block takes 32·VEC columns and every SPLITS-th part of the inner index;
// the last block of a column piece adds the parts in their order, so that the sum does not depend on who came last.

#include "common.cuh"

#ifndef B
#define B 1
#endif
#define THREADS 512
#define WARPS (THREADS / WARP)
#define WIDTH (WARP * VEC)
#define COLUMNS ((C + WIDTH - 1) / WIDTH)
#define RANGE ((F + SPLITS - 1) / SPLITS)
#define UNROLL 8

struct Args
{
    const weight *value;     // (F, C)
    const float *k;          // (B, F) relu²
    float *x;                // (B, C)
    float *partials;         // (SPLITS, B, COLUMNS * WIDTH)
    unsigned *arrivals;      // (COLUMNS), zero between launches
    const float *h;          // (B, C) becomes ffn_x_prev
    float *const *states;    // (B)
    long long prev_offset;   // of ffn_x_prev
};

extern "C" __global__ void __launch_bounds__(THREADS, B == 1 ? 2 : 1) step_value(const __grid_constant__ Args a)
{
    __shared__ int list[RANGE];
    __shared__ float values[B][RANGE];
    __shared__ int counts[WARPS];
    __shared__ float sums[WARPS][WIDTH];
    __shared__ bool last;

    const int column = blockIdx.x % COLUMNS, split = blockIdx.x / COLUMNS;
    const int tid = threadIdx.x, warp = tid / WARP, lane = tid % WARP;
    const int begin = split * RANGE, end = min(begin + RANGE, F);
    let_next_start();
    wait_for_previous();

    // The non-zero inner indices of this range, in order.
    int count = 0;
    for (int base = begin; base < end; base += THREADS)
    {
        const int i = base + tid;
        float k[B];
        bool any = false;
#pragma unroll
        for (int b = 0; b < B; b++)
        {
            k[b] = i < end ? a.k[(long long)b * F + i] : 0.0f;
            any |= k[b] != 0.0f;
        }
        const unsigned vote = __ballot_sync(FULL, any);
        if (lane == 0) counts[warp] = __popc(vote);
        __syncthreads();
        int before = count, all = count;
#pragma unroll
        for (int w = 0; w < WARPS; w++)
        {
            before += w < warp ? counts[w] : 0;
            all += counts[w];
        }
        if (any)
        {
            const int at = before + __popc(vote & ((1u << lane) - 1));
            list[at] = i;
#pragma unroll
            for (int b = 0; b < B; b++) values[b][at] = k[b];
        }
        count = all;
        __syncthreads();
    }

    const int e = column * WIDTH + lane * VEC;
    const bool in = C % WIDTH == 0 || e < C;
    float acc[B][VEC] = {};
    for (int base = warp; in && base < count; base += WARPS * UNROLL)
    {
        uint4 words[UNROLL];
#pragma unroll
        for (int u = 0; u < UNROLL; u++)
        {
            const int at = base + u * WARPS;
            words[u] = at < count ? load_once(a.value + (long long)list[at] * C + e) : make_uint4(0, 0, 0, 0);
        }
#pragma unroll
        for (int u = 0; u < UNROLL; u++)
        {
            const int at = min(base + u * WARPS, count - 1);
            float w[VEC];
            widen_all(words[u], w);
#pragma unroll
            for (int b = 0; b < B; b++)
#pragma unroll
                for (int j = 0; j < VEC; j++) acc[b][j] = fmaf(values[b][at], w[j], acc[b][j]);
        }
    }

#pragma unroll
    for (int b = 0; b < B; b++)
    {
#pragma unroll
        for (int j = 0; j < VEC; j++) sums[warp][j * WARP + lane] = acc[b][j];
        __syncthreads();
        if (tid < WIDTH)
        {
            float f = 0;
#pragma unroll
            for (int w = 0; w < WARPS; w++) f += sums[w][tid];
            // sums is plane-major: entry tid is column (tid % 32) * VEC + tid / 32 of the piece.
            a.partials[((long long)split * B + b) * (COLUMNS * WIDTH) + column * WIDTH + tid] = f;
        }
        __syncthreads();
    }
    __threadfence();
    if (tid == 0)
    {
        last = atomicAdd(a.arrivals + column, 1u) == SPLITS - 1;
        if (last) a.arrivals[column] = 0;
    }
    __syncthreads();
    if (!last) return;
    __threadfence();
    for (int i = tid; i < B * WIDTH; i += THREADS)
    {
        const int b = i / WIDTH, p = i % WIDTH, c = column * WIDTH + p % WARP * VEC + p / WARP;
        if (c >= C) continue;
        float f = a.x[b * C + c];
#pragma unroll 4
        for (int s = 0; s < SPLITS; s++)
            f += __ldcg(a.partials + ((long long)s * B + b) * (COLUMNS * WIDTH) + column * WIDTH + p);
        a.x[b * C + c] = f;
        a.states[b][a.prev_offset + c] = a.h[b * C + c];
    }
}
