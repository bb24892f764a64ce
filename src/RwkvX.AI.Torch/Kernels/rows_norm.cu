// Prefill: LayerNorm of each row, token shift, and up to six mixes: out_i = h + (h' - h) * mix_i, in the type of the matrix products.
// h' is the row before in the same sequence, or the state's x_prev for a sequence's first row.
// Launch: (T) blocks of 256 threads. The h of a sequence's last row goes to `last` for rows_prev.

#include "common.cuh"

#define THREADS 256
#define PER ((C + THREADS - 1) / THREADS)

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

__device__ __forceinline__ void normed(const float *x, const float (&nw)[PER], const float (&nb)[PER], float (&h)[PER], float *reduce)
{
    float sum = 0, square = 0;
#pragma unroll
    for (int i = 0; i < PER; i++)
    {
        const int e = threadIdx.x + i * THREADS;
        h[i] = e < C ? x[e] : 0.0f;
        sum += h[i];
    }
    const float mean = block_sum<THREADS>(sum, reduce) / C;
#pragma unroll
    for (int i = 0; i < PER; i++)
        if (threadIdx.x + i * THREADS < C) square += (h[i] - mean) * (h[i] - mean);
    const float scale = rsqrtf(block_sum<THREADS>(square, reduce + THREADS / WARP) / C + 1e-5f);
#pragma unroll
    for (int i = 0; i < PER; i++) h[i] = (h[i] - mean) * scale * nw[i] + nb[i];
}

extern "C" __global__ void __launch_bounds__(THREADS) rows_norm(const __grid_constant__ Args a)
{
    __shared__ float reduce[2 * (THREADS / WARP)];
    const long long t = blockIdx.x;
    float nw[PER], nb[PER], h[PER], p[PER] = {};
#pragma unroll
    for (int i = 0; i < PER; i++)
    {
        const int e = threadIdx.x + i * THREADS;
        nw[i] = e < C ? a.norm_weight[e] : 0.0f;
        nb[i] = e < C ? a.norm_bias[e] : 0.0f;
    }
    normed(a.x + (a.rows != nullptr ? a.rows[t] : t) * (long long)C, nw, nb, h, reduce);
    const bool shift = a.states != nullptr;
    if (shift)
    {
        const int segment = a.segments[t];
        if (a.starts[segment] < t)
        {
            __syncthreads();
            normed(a.x + (t - 1) * C, nw, nb, p, reduce);
        }
        else
        {
            const float *prev = a.states[segment] + a.prev_offset;
#pragma unroll
            for (int i = 0; i < PER; i++)
                if (threadIdx.x + i * THREADS < C) p[i] = prev[threadIdx.x + i * THREADS];
        }
        if (a.starts[segment + 1] == t + 1)
#pragma unroll
            for (int i = 0; i < PER; i++)
                if (threadIdx.x + i * THREADS < C) a.last[(long long)segment * C + threadIdx.x + i * THREADS] = h[i];
    }
#pragma unroll
    for (int m = 0; m < 6; m++)
    {
        if (m >= a.count) break;
#pragma unroll
        for (int i = 0; i < PER; i++)
        {
            const int e = threadIdx.x + i * THREADS;
            if (e < C) a.out[m][t * C + e] = narrow(shift ? h[i] + (p[i] - h[i]) * a.mix[m][e] : h[i]);
        }
    }
}
