// Training: the gradient of shift_mix_forward, each block from the last token of its run to the first: a token's h is in its own mixes and in
// those of the next token. dx has the gradient of the sum in it; d_added is the same in the products' type.
// s: (B, T, C) f32, x or the sum; partials: (B · ceil(T / RUN), M + 2, C) f32, each block's gradients of the mixes, weight and bias.
// Launch: (ceil(T / RUN), B) blocks of TEAM threads.

#include "rows.cuh"

struct Args
{
    const float *s, *moments, *weight, *bias, *mix[6];
    const number *d_mixed[6];
    const float *d_sum;
    float *dx;
    number *d_added;
    float *partials;
    int tokens;
};

// (s - mean) / deviation of a row.
__device__ __forceinline__ float read(const Args &a, long long row, int column, bool active, float (&normal)[OWN])
{
    const float mean = a.moments[row * 2], scale = a.moments[row * 2 + 1];
    clear(normal);
    if (!active) return scale;
    load(normal, a.s + row * C + column);
    for (int i = 0; i < OWN; i++) normal[i] = (normal[i] - mean) * scale;
    return scale;
}

extern "C" __global__ void __launch_bounds__(TEAM) shift_mix_backward(const __grid_constant__ Args a)
{
    const int column = threadIdx.x * OWN, first = blockIdx.x * RUN;
    const int end = first + RUN < a.tokens ? first + RUN : a.tokens;
    const bool active = column < C;
    const long long sequence = (long long)blockIdx.y * a.tokens;
    float normal[OWN], weight[OWN], d_weight[OWN], d_bias[OWN];
    clear(weight);
    clear(d_weight);
    clear(d_bias);
    if (active) load(weight, a.weight + column);
    float scale = read(a, sequence + end - 1, column, active, normal);
#if M
    float bias[OWN], later[OWN], d_mix[M][OWN]; // later: what the next token's mixes give h
    clear(bias);
    clear(later);
    if (active) load(bias, a.bias + column);
    for (int m = 0; m < M; m++) clear(d_mix[m]);
    if (active && end < a.tokens)
#pragma unroll
        for (int m = 0; m < M; m++)
        {
            float g[OWN], mix[OWN];
            load(g, a.d_mixed[m] + (sequence + end) * C + column);
            load(mix, a.mix[m] + column);
            for (int i = 0; i < OWN; i++) later[i] += g[i] * mix[i];
        }
#endif
    for (int t = end - 1; t >= first; t--)
    {
        const long long at = (sequence + t) * C + column;
        float dh[OWN];
        clear(dh);
#if M
        float before[OWN], delta[OWN], next_scale = 0.0f;
        clear(before);
        if (t > 0) next_scale = read(a, sequence + t - 1, column, active, before);
        if (active)
        {
            for (int i = 0; i < OWN; i++)
            {
                delta[i] = (t > 0 ? before[i] * weight[i] + bias[i] : 0.0f) - (normal[i] * weight[i] + bias[i]);
                dh[i] = later[i];
                later[i] = 0.0f;
            }
#pragma unroll
            for (int m = 0; m < M; m++)
            {
                float g[OWN], mix[OWN];
                load(g, a.d_mixed[m] + at);
                load(mix, a.mix[m] + column);
                for (int i = 0; i < OWN; i++)
                {
                    dh[i] += g[i] * (1.0f - mix[i]);
                    later[i] += g[i] * mix[i];
                    d_mix[m][i] += g[i] * delta[i];
                }
            }
        }
#else
        if (active) load(dh, a.d_mixed[0] + at);
#endif
        float d_normal[OWN], products = 0.0f;
        for (int i = 0; i < OWN; i++)
        {
            d_weight[i] += dh[i] * normal[i];
            d_bias[i] += dh[i];
            d_normal[i] = dh[i] * weight[i];
            products += d_normal[i] * normal[i];
        }
        const float mean = sum_row(sum_own(d_normal)) / C, along = sum_row(products) / C;
        if (active)
        {
            float dx[OWN];
            for (int i = 0; i < OWN; i++) dx[i] = scale * (d_normal[i] - mean - normal[i] * along);
#if ADDED
            float d_sum[OWN];
            load(d_sum, a.d_sum + at);
            for (int i = 0; i < OWN; i++) dx[i] += d_sum[i];
            store(a.d_added + at, dx);
#endif
            store(a.dx + at, dx);
        }
#if M
        for (int i = 0; i < OWN; i++) normal[i] = before[i];
        scale = next_scale;
#else
        if (t > first) scale = read(a, sequence + t - 1, column, active, normal);
#endif
    }
    if (!active) return;
    float *partial = a.partials + ((long long)blockIdx.y * gridDim.x + blockIdx.x) * (M + 2) * C + column;
#if M
#pragma unroll
    for (int m = 0; m < M; m++) store(partial + m * C, d_mix[m]);
#endif
    store(partial + M * C, d_weight);
    store(partial + (M + 1) * C, d_bias);
}
