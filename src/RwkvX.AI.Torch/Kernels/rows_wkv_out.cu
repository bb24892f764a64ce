// Prefill: out = (GroupNorm(y) + bonus · v) · g, one warp a row and head. Launch: (rows, ceil(H / 8)) blocks of 256 threads.

#include "common.cuh"

struct Args
{
    const float *y;            // (rows, C): of the rows of this launch
    const float *records;      // (rows, H, 6, 64), v is the sixth
    const float *bonus;        // (T, H)
    const weight *g;           // (T, C)
    const float *norm_weight;  // (C)
    const float *norm_bias;    // (C)
    weight *out;               // (T, C)
    int first;                 // the first row of this launch
};

extern "C" __global__ void __launch_bounds__(256) rows_wkv_out(const __grid_constant__ Args a)
{
    const int head = blockIdx.y * 8 + threadIdx.x / WARP, lane = threadIdx.x % WARP;
    if (head >= H) return;
    const long long t = a.first + blockIdx.x, at = t * C + head * N + lane;
    const float *row = a.y + (long long)blockIdx.x * C + head * N + lane;
    const float y0 = row[0], y1 = row[WARP];
    const float mean = warp_sum(y0 + y1) / N;
    const float d0 = y0 - mean, d1 = y1 - mean;
    const float scale = rsqrtf(warp_sum(d0 * d0 + d1 * d1) / N + 64e-5f);
    const float *v = a.records + ((long long)blockIdx.x * H + head) * (6 * N) + 5 * N + lane;
    const float bonus = a.bonus[t * H + head];
#pragma unroll
    for (int i = 0; i < 2; i++)
    {
        const int c = head * N + lane + i * WARP;
        const float y = (i == 0 ? d0 : d1) * scale * a.norm_weight[c] + a.norm_bias[c];
        a.out[at + i * WARP] = narrow((y + bonus * v[i * WARP]) * widen(a.g[at + i * WARP]));
    }
}
