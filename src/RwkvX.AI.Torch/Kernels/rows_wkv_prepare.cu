// Prefill: from the matrix products to the operands of the WKV recurrence, one warp a row and head. See docs/kernels/wkv.md.
// A record is six vectors of 64 floats: w, k, -κ, κ·a, r, v; the recurrence reads it as one piece.
// Launch: (T, ceil(H / 8)) blocks of 256 threads.

#include "common.cuh"

struct Args
{
    const weight *r, *k, *v, *w, *a, *vl;                  // (T, C): products, the last three of the LoRA pairs; vl null in layer 0
    const float *w0, *a0, *v0, *k_k, *k_a, *r_k;           // (C)
    float *v_first;                                        // (T, C)
    float *records;                                        // (T, H, 6, 64)
    float *bonus;                                          // (T, H)
};

extern "C" __global__ void __launch_bounds__(256) rows_wkv_prepare(const __grid_constant__ Args a)
{
    const int head = blockIdx.y * 8 + threadIdx.x / WARP, lane = threadIdx.x % WARP;
    if (head >= H) return;
    const long long t = blockIdx.x;
    float *record = a.records + (t * H + head) * (6 * N);
    float kk[2], in[2], norm = 0, bonus = 0;
#pragma unroll
    for (int i = 0; i < 2; i++)
    {
        const int n = lane + i * WARP, c = head * N + n;
        const long long at = t * C + c;
        const float r = widen(a.r[at]);
        float k = widen(a.k[at]), v = widen(a.v[at]);
        kk[i] = k * a.k_k[c];
        norm += kk[i] * kk[i];
        in[i] = sigmoid(a.a0[c] + widen(a.a[at]));
        k *= 1.0f + (in[i] - 1.0f) * a.k_a[c];
        bonus += r * k * a.r_k[c];
        if (a.vl == nullptr)
            a.v_first[at] = v;
        else
            v += (a.v_first[at] - v) * sigmoid(a.v0[c] + widen(a.vl[at]));
        record[n] = decay_of(a.w0[c] + widen(a.w[at]));
        record[N + n] = k;
        record[4 * N + n] = r;
        record[5 * N + n] = v;
    }
    const float scale = 1.0f / fmaxf(sqrtf(warp_sum(norm)), 1e-12f);
#pragma unroll
    for (int i = 0; i < 2; i++)
    {
        record[2 * N + lane + i * WARP] = -kk[i] * scale;
        record[3 * N + lane + i * WARP] = kk[i] * scale * in[i];
    }
    bonus = warp_sum(bonus);
    if (lane == 0) a.bonus[t * H + head] = bonus;
}
