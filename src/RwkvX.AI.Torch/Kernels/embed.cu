// x = LN0(emb[token]). The table stays as stored; its LayerNorm is computed here in f32, not folded into 16 bits.
// Launch: (T) blocks of 256 threads.

#include "common.cuh"

#define THREADS 256

struct Args
{
    const void *table;        // (V, C) in EMB's type
    const float *norm_weight; // (C)
    const float *norm_bias;   // (C)
    const int *tokens;        // (T)
    float *x;                 // (T, C)
};

__device__ __forceinline__ float element(const void *table, long long i)
{
#if EMB == 0
    return ((const float *)table)[i];
#elif EMB == 1
    return bf16_to_float(((const unsigned short *)table)[i]);
#else
    return f16_to_float(((const unsigned short *)table)[i]);
#endif
}

extern "C" __global__ void __launch_bounds__(THREADS) embed(const __grid_constant__ Args a)
{
    constexpr int PER = (C + THREADS - 1) / THREADS;
    __shared__ float reduce[2 * (THREADS / WARP)];
    let_next_start();
    wait_for_previous();
    const long long row = (long long)a.tokens[blockIdx.x] * C;
    float v[PER], sum = 0, square = 0;
#pragma unroll
    for (int i = 0; i < PER; i++)
    {
        const int e = threadIdx.x + i * THREADS;
        v[i] = e < C ? element(a.table, row + e) : 0.0f;
        sum += v[i];
    }
    const float mean = block_sum<THREADS>(sum, reduce) / C;
#pragma unroll
    for (int i = 0; i < PER; i++)
        if (threadIdx.x + i * THREADS < C) square += (v[i] - mean) * (v[i] - mean);
    const float scale = rsqrtf(block_sum<THREADS>(square, reduce + THREADS / WARP) / C + 1e-5f);
#pragma unroll
    for (int i = 0; i < PER; i++)
    {
        const int e = threadIdx.x + i * THREADS;
        if (e < C) a.x[(long long)blockIdx.x * C + e] = (v[i] - mean) * scale * a.norm_weight[e] + a.norm_bias[e];
    }
}
