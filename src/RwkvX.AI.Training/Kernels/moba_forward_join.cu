// Training, bf16: joins what a query got from each block of keys (moba_forward_tiles.cu), in the order of its choices.
// y: (B·H, T, 64); exact: the same in f32, for moba_delta.cu; lse: (B·H, T) f32, log2 of the sum of exponentials. Launch: (ceil(T / 16), heads) blocks of 256 threads: 16 a query.

#include "tensor_cores.cuh"

#define SIZE 64
#define THREADS 256
#define SEEN (CHOICES + 1)
#define BLOCKS (CHUNK / KEYS)

struct Args
{
    const int *chosen; // (B·H, T, CHOICES)
    const float *parts, *ends;
    number *y;
    float *exact, *lse;
    int tokens;
    int head;          // the first of this launch
};

extern "C" __global__ void __launch_bounds__(THREADS) moba_forward_join(const __grid_constant__ Args a)
{
    const int position = blockIdx.x * (THREADS / 16) + threadIdx.x / 16, n = threadIdx.x % 16 * 4;
    if (position >= a.tokens) return;
    const long long row = (long long)(a.head + blockIdx.y) * a.tokens + position;
    const long long first = ((long long)blockIdx.y * a.tokens + position) * SEEN * BLOCKS;
    float high[SEEN * BLOCKS], top = -INFINITY;
#pragma unroll
    for (int i = 0; i < SEEN * BLOCKS; i++)
    {
        const bool there = i >= CHOICES * BLOCKS || a.chosen[row * CHOICES + i / BLOCKS] >= 0;
        high[i] = there ? a.ends[(first + i) * 2] : -INFINITY;
        top = fmaxf(top, high[i]);
    }
    float sum = 0.0f, x = 0.0f, y = 0.0f, z = 0.0f, w = 0.0f;
#pragma unroll
    for (int i = 0; i < SEEN * BLOCKS; i++)
    {
        if (high[i] == -INFINITY) continue;
        const float scale = power_of_two(high[i] - top);
        const float4 part = *(const float4 *)(a.parts + (first + i) * SIZE + n);
        sum += a.ends[(first + i) * 2 + 1] * scale;
        x += part.x * scale;
        y += part.y * scale;
        z += part.z * scale;
        w += part.w * scale;
    }
    const float4 exact = make_float4(x / sum, y / sum, z / sum, w / sum);
    *(float4 *)(a.exact + row * SIZE + n) = exact;
    unsigned *out = (unsigned *)(a.y + row * SIZE + n);
    out[0] = narrow_pair(exact.x, exact.y);
    out[1] = narrow_pair(exact.z, exact.w);
    if (n == 0) a.lse[row] = top + log2f(sum);
}
