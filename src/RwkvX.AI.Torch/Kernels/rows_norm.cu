// Prefill: LayerNorm of each row, token shift, and up to six mixes: out_i = h + (h' - h) * mix_i, in the type of the matrix products.
// h' is the row before in the same sequence, or the state's x_prev for a sequence's first row.
// Launch: (T) blocks of 256 threads. The h of a sequence's last row goes to `last` for rows_prev.

#include "common.cuh"

#define THREADS 256
#define PER ((C / 2 + THREADS - 1) / THREADS) // pairs of elements of a thread

struct Args
{
    const float *x;            // (T, C)
    const float *norm_weight;  // (C)
    const float *norm_bias;    // (C)
    const int *rows;           // (T) rows of x to take, or null: all
    const int *segments;       // (T) sequence of each row
    const int *starts;         // (S + 1) first row of each sequence
    float *const *states;      // (S), or null: no token shift
    long long prev_offset;
    const float *mix[6];       // (C)
    weight *out[6];            // (T, C)
    int count;
    float *last;               // (S, C)
};

// Sums of two values over the block at once.
__device__ __forceinline__ float2 block_sums(float2 f, float2 *shared)
{
    f.x = warp_sum(f.x);
    f.y = warp_sum(f.y);
    if (threadIdx.x % WARP == 0) shared[threadIdx.x / WARP] = f;
    __syncthreads();
    float2 total = make_float2(0, 0);
#pragma unroll
    for (int i = 0; i < THREADS / WARP; i++)
    {
        total.x += shared[i].x;
        total.y += shared[i].y;
    }
    return total;
}

__device__ __forceinline__ void store(weight *to, float2 f)
{
#if WEIGHT == 0
    *(float2 *)to = f;
#else
    *(unsigned *)to = narrow_pair(f.x, f.y);
#endif
}

// The row and the one before it are normed together: half the barriers.
extern "C" __global__ void __launch_bounds__(THREADS) rows_norm(const __grid_constant__ Args a)
{
    __shared__ float2 reduce[2][THREADS / WARP];
    const long long t = blockIdx.x;
    const bool shift = a.states != nullptr;
    const int segment = shift ? a.segments[t] : 0;
    const bool before = shift && a.starts[segment] < t, last = shift && a.starts[segment + 1] == t + 1;
    const float2 *x = (const float2 *)(a.x + (a.rows != nullptr ? a.rows[t] : t) * (long long)C);
    float2 h[PER], p[PER], sum = make_float2(0, 0), square = make_float2(0, 0);
#pragma unroll
    for (int i = 0; i < PER; i++)
    {
        const int e = threadIdx.x + i * THREADS;
        h[i] = e < C / 2 ? x[e] : make_float2(0, 0);
        p[i] = e < C / 2 && before ? x[e - C / 2] : make_float2(0, 0);
        sum.x += h[i].x + h[i].y;
        sum.y += p[i].x + p[i].y;
    }
    float2 mean = block_sums(sum, reduce[0]);
    mean.x /= C;
    mean.y /= C;
#pragma unroll
    for (int i = 0; i < PER; i++)
    {
        if (threadIdx.x + i * THREADS >= C / 2) break;
        square.x += (h[i].x - mean.x) * (h[i].x - mean.x) + (h[i].y - mean.x) * (h[i].y - mean.x);
        square.y += (p[i].x - mean.y) * (p[i].x - mean.y) + (p[i].y - mean.y) * (p[i].y - mean.y);
    }
    const float2 variance = block_sums(square, reduce[1]);
    const float scale = rsqrtf(variance.x / C + 1e-5f), scale_before = rsqrtf(variance.y / C + 1e-5f);
    const float2 *prev = shift && !before ? (const float2 *)(a.states[segment] + a.prev_offset) : nullptr;
#pragma unroll
    for (int i = 0; i < PER; i++)
    {
        const int e = threadIdx.x + i * THREADS;
        if (e >= C / 2) break;
        const float2 w = ((const float2 *)a.norm_weight)[e], b = ((const float2 *)a.norm_bias)[e];
        const float2 now = make_float2((h[i].x - mean.x) * scale * w.x + b.x, (h[i].y - mean.x) * scale * w.y + b.y);
        float2 delta = make_float2(0, 0);
        if (shift)
        {
            float2 then = before ? make_float2((p[i].x - mean.y) * scale_before * w.x + b.x, (p[i].y - mean.y) * scale_before * w.y + b.y) : prev[e];
            delta = make_float2(then.x - now.x, then.y - now.y);
            if (last) ((float2 *)(a.last + (long long)segment * C))[e] = now;
        }
#pragma unroll
        for (int m = 0; m < 6; m++)
        {
            if (m >= a.count) break;
            const float2 mix = shift ? ((const float2 *)a.mix[m])[e] : make_float2(0, 0);
            store(a.out[m] + t * C + 2 * e, make_float2(now.x + delta.x * mix.x, now.y + delta.y * mix.y));
        }
    }
}
