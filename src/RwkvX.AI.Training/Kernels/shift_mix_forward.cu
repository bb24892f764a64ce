// Training: layer norm, token shift and the mixes behind it, in one pass: s = x (+ added), h = LN(s), mixed_m = h + (h' - h) μ_m, where h' is the
// previous token's h and zero at the start. With -DM=0 the layer norm alone: mixed_0 = h.
// x, sum: (B, T, C) f32; added, mixed: (B, T, C); moments: (B, T, 2) f32, mean and 1 / deviation; weight, bias, mix: (C) f32.
// Launch: (ceil(T / RUN), B) blocks of TEAM threads.

#include "rows.cuh"

#define EPS 1e-5f

struct Args
{
    const float *x;
    const number *added;
    const float *weight, *bias, *mix[6];
    float *sum;
    number *mixed[6];
    float *moments;
    int tokens;
};

struct Moments
{
    float mean, scale;
};

// Reads s, and gives on its moments over the row.
__device__ __forceinline__ Moments read(const Args &a, long long at, bool active, float (&s)[OWN])
{
    clear(s);
    if (active)
    {
        load(s, a.x + at);
#if ADDED
        float added[OWN];
        load(added, a.added + at);
        for (int i = 0; i < OWN; i++) s[i] += added[i];
#endif
    }
    Moments m;
    m.mean = sum_row(sum_own(s)) / C;
    float squares = 0.0f;
    if (active)
        for (int i = 0; i < OWN; i++) squares += (s[i] - m.mean) * (s[i] - m.mean);
    m.scale = 1.0f / sqrtf(sum_row(squares) / C + EPS);
    return m;
}

extern "C" __global__ void __launch_bounds__(TEAM, FORWARD_BLOCKS) shift_mix_forward(const __grid_constant__ Args a)
{
    const int column = threadIdx.x * OWN, first = blockIdx.x * RUN;
    const int end = first + RUN < a.tokens ? first + RUN : a.tokens;
    const bool active = column < C;
    const long long sequence = (long long)blockIdx.y * a.tokens;
    float s[OWN], weight[OWN], bias[OWN];
    clear(weight);
    clear(bias);
    if (active)
    {
        load(weight, a.weight + column);
        load(bias, a.bias + column);
    }
#if M
    float before[OWN], mix[M][OWN];
    if (active)
        for (int m = 0; m < M; m++) load(mix[m], a.mix[m] + column);
    clear(before);
    if (first > 0)
    {
        const Moments moments = read(a, (sequence + first - 1) * C + column, active, s);
        for (int i = 0; i < OWN; i++) before[i] = (s[i] - moments.mean) * moments.scale * weight[i] + bias[i];
    }
#endif
    for (int t = first; t < end; t++)
    {
        const long long row = sequence + t, at = row * C + column;
        const Moments moments = read(a, at, active, s);
        if (threadIdx.x == 0)
        {
            a.moments[row * 2] = moments.mean;
            a.moments[row * 2 + 1] = moments.scale;
        }
        if (!active) continue;
#if ADDED
        store(a.sum + at, s);
#endif
        float h[OWN];
        for (int i = 0; i < OWN; i++) h[i] = (s[i] - moments.mean) * moments.scale * weight[i] + bias[i];
#if M
#pragma unroll
        for (int m = 0; m < M; m++)
        {
            float mixed[OWN];
            for (int i = 0; i < OWN; i++) mixed[i] = h[i] + (before[i] - h[i]) * mix[m][i];
            store(a.mixed[m] + at, mixed);
        }
        for (int i = 0; i < OWN; i++) before[i] = h[i];
#else
        store(a.mixed[0] + at, h);
#endif
    }
}
