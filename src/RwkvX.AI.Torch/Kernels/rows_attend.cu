// Prefill, any type: attention of each row and head over its own chunk, causally, and over its chosen chunks. One warp a row and head:
// scores of 32 keys at a time, a key a lane; then the values, two channels a lane; running softmax. See docs/kernels/cuda-moba.md.
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
    const int *chosen;                       // (T, H, PAST)
    int layer;
    weight *out;                             // (T, C)
};

extern "C" __global__ void __launch_bounds__(256) rows_attend(const __grid_constant__ Args a)
{
    const int warp = threadIdx.x / WARP, lane = threadIdx.x % WARP, head = blockIdx.y * 8 + warp;
    if (head >= H) return;
    const long long t = blockIdx.x;
    const int segment = a.segments[t], position = a.positions[segment] + (int)t - a.starts[segment], own = position / CHUNK;
    const unsigned long long *table = a.tables[segment];
    float q[N];
#pragma unroll
    for (int i = 0; i < N; i++) q[i] = a.qkv[t * (3 * C) + head * N + i] * 0.125f; // 1 / sqrt(64)
    float top = -INFINITY, sum = 0, o0 = 0, o1 = 0;
    for (int which = 0; which < TOPK; which++)
    {
        const int chunk = which == 0 ? own : a.chosen[(t * H + head) * PAST + which - 1];
        if (chunk < 0) continue;
        const int keys = chunk == own ? position % CHUNK + 1 : CHUNK;
        for (int base = 0; base < keys; base += WARP)
        {
            const int key = base + lane, at = chunk * CHUNK + min(key, keys - 1);
            const weight *k = page_keys(table[at / PAGE], a.layer, head) + at % PAGE * N;
            float score = 0;
#pragma unroll
            for (int i = 0; i < N; i += VEC)
            {
                float f[VEC];
                widen_all(*(const uint4 *)(k + i), f);
#pragma unroll
                for (int j = 0; j < VEC; j++) score = fmaf(q[i + j], f[j], score);
            }
            if (key >= keys) score = -INFINITY;
            const float now = fmaxf(top, warp_max(score));
            const float scale = __expf(top - now), p = __expf(score - now);
            top = now;
            sum = sum * scale + warp_sum(p);
            o0 *= scale;
            o1 *= scale;
            const int n = min(WARP, keys - base);
            for (int j = 0; j < n; j++)
            {
                const int value = chunk * CHUNK + base + j;
                const weight *v = page_values(table[value / PAGE], a.layer, head) + value % PAGE * N;
                const float f = __shfl_sync(FULL, p, j);
                o0 = fmaf(f, widen(v[lane]), o0);
                o1 = fmaf(f, widen(v[lane + WARP]), o1);
            }
        }
    }
    weight *out = a.out + t * C + head * N + lane;
    out[0] = narrow(o0 / sum);
    out[WARP] = narrow(o1 / sum);
}
