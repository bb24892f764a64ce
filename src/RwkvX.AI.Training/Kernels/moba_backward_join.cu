// Training, bf16: adds what moba_backward_tiles.cu wrote, in order: dQ over a query's blocks of keys, dK and dV over the items of a chunk.
// dq, dk, dv: (B·H, T, 64) bf16. Launch: (ceil(T / 16), heads) blocks of 256 threads: 16 a query, and the key at the same position.

#include "tensor_cores.cuh"

#define SIZE 64
#define THREADS 256
#define SEEN (CHOICES + 1)
#define BLOCKS (CHUNK / KEYS)

struct Args
{
    const int *chosen;                // (B·H, T, CHOICES)
    const int *firsts;                // (B·H, chunks + 1)
    const float *parts, *slices;
    number *dq, *dk, *dv;
    int tokens;
    int chunks;
    int most;
    int head;                         // the first of this launch
};

__device__ __forceinline__ void add(float4 &sum, const float *from)
{
    const float4 f = *(const float4 *)from;
    sum = make_float4(sum.x + f.x, sum.y + f.y, sum.z + f.z, sum.w + f.w);
}

__device__ __forceinline__ void write(number *to, const float4 &f)
{
    ((unsigned *)to)[0] = narrow_pair(f.x, f.y);
    ((unsigned *)to)[1] = narrow_pair(f.z, f.w);
}

extern "C" __global__ void __launch_bounds__(THREADS) moba_backward_join(const __grid_constant__ Args a)
{
    const int position = blockIdx.x * (THREADS / 16) + threadIdx.x / 16, n = threadIdx.x % 16 * 4;
    if (position >= a.tokens) return;
    const long long head = a.head + blockIdx.y, row = head * a.tokens + position;
    const float *parts = a.parts + ((long long)blockIdx.y * a.tokens + position) * (SEEN * BLOCKS * SIZE) + n;
    float4 dq = make_float4(0.0f, 0.0f, 0.0f, 0.0f), dk = dq, dv = dq;
#pragma unroll
    for (int i = 0; i < SEEN * BLOCKS; i++)
        if (i >= CHOICES * BLOCKS || a.chosen[row * CHOICES + i / BLOCKS] >= 0) add(dq, parts + i * SIZE);
    write(a.dq + row * SIZE + n, dq);

    const int chunk = position / CHUNK, block = position % CHUNK / KEYS, key = position % KEYS;
    const int *firsts = a.firsts + head * (a.chunks + 1) + chunk;
    for (int i = firsts[0]; i < firsts[1]; i++)
    {
        const float *slice = a.slices + (((long long)blockIdx.y * a.most + i) * BLOCKS + block) * (2 * KEYS * SIZE) + key * SIZE + n;
        add(dk, slice);
        add(dv, slice + KEYS * SIZE);
    }
    write(a.dk + row * SIZE + n, dk);
    write(a.dv + row * SIZE + n, dv);
}
