// Training, bf16: the sparse attention forward on the tensor cores. A block has KEYS keys of a chunk and one item of the queries that see it
// (moba_lists.cu, moba_items.cu), a warp 16 of them at a time. What a query gets from these keys goes out unscaled, with the highest
// score and the sum of weights, for moba_forward_join.cu. Scores are powers of two: times LOG2E.
// parts: (heads of this launch, T · SEEN, BLOCKS, 64) f32; ends: the same with 2 instead of 64.
// Launch: (most, heads, BLOCKS) blocks of 128 threads.

#include "tensor_cores.cuh"

#define SIZE 64
#define THREADS 128
#define SEEN (CHOICES + 1)
#define BLOCKS (CHUNK / KEYS)

struct Args
{
    const number *q, *k, *v; // (B·H, T, 64)
    const int *list, *items, *firsts;
    float *parts, *ends;
    int tokens;
    int chunks;
    int head;                // the first of this launch
};

extern "C" __global__ void __launch_bounds__(THREADS) moba_forward_tiles(const __grid_constant__ Args a)
{
    __shared__ __align__(128) number keys[KEYS * SIZE], values[KEYS * SIZE];
    const int thread = threadIdx.x, warp = thread / 32, lane = thread % 32, g = lane / 4, t = lane % 4;
    const long long head = a.head + blockIdx.y;
    if (blockIdx.x >= a.firsts[head * (a.chunks + 1) + a.chunks]) return;
    const int *item = a.items + (head * gridDim.x + blockIdx.x) * 4;
    const int start = item[0] * CHUNK + blockIdx.z * KEYS, end = item[2];
    const int *list = a.list + head * a.tokens * SEEN;
    for (int e = thread; e < KEYS * 8; e += THREADS)
    {
        const int row = e / 8, piece = e % 8;
        const bool there = start + row < a.tokens;
        const long long at = (head * a.tokens + (there ? start + row : 0)) * SIZE + piece * 8;
        copy_async(&keys[place(row, piece)], a.k + at, there);
        copy_async(&values[place(row, piece)], a.v + at, there);
    }
    copy_wait();
    __syncthreads();

    for (int at = item[1] + warp * 16; at < end; at += THREADS / 2)
    {
        // The lane's two queries, and its part of them as left operand.
        int entry[2], visible[2];
        unsigned q[4][4];
#pragma unroll
        for (int r = 0; r < 2; r++)
        {
            const int index = at + g + 8 * r;
            entry[r] = index < end ? list[index] : -1;
            const int position = entry[r] < 0 ? 0 : entry[r] / SEEN;
            visible[r] = entry[r] < 0 ? 0 : position - start + 1;
            const number *row = a.q + (head * a.tokens + position) * SIZE + t * 2;
#pragma unroll
            for (int step = 0; step < 4; step++)
            {
                q[step][r] = *(const unsigned *)(row + step * 16);
                q[step][r + 2] = *(const unsigned *)(row + step * 16 + 8);
            }
        }
        float s[KEYS / 8][4] = {}, o[8][4] = {};
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++)
#pragma unroll
            for (int half = 0; half < 2; half++)
            {
                unsigned m[4];
                load_matrices(m, &keys[place(n * 8 + lane % 8, half * 4 + lane / 8)]);
                multiply(s[n], q[half * 2], m[0], m[1]);
                multiply(s[n], q[half * 2 + 1], m[2], m[3]);
            }
        float high[2] = {-INFINITY, -INFINITY}, sum[2] = {};
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++)
#pragma unroll
            for (int i = 0; i < 4; i++)
            {
                s[n][i] = n * 8 + t * 2 + i % 2 < visible[i / 2] ? s[n][i] * (0.125f * LOG2E) : -INFINITY; // 1 / sqrt(64)
                high[i / 2] = fmaxf(high[i / 2], s[n][i]);
            }
#pragma unroll
        for (int r = 0; r < 2; r++)
        {
            high[r] = fmaxf(high[r], __shfl_xor_sync(FULL, high[r], 1));
            high[r] = fmaxf(high[r], __shfl_xor_sync(FULL, high[r], 2));
            const float base = high[r] == -INFINITY ? 0.0f : high[r];
#pragma unroll
            for (int n = 0; n < KEYS / 8; n++)
#pragma unroll
                for (int i = 2 * r; i < 2 * r + 2; i++)
                {
                    s[n][i] = power_of_two(s[n][i] - base);
                    sum[r] += s[n][i];
                }
            sum[r] += __shfl_xor_sync(FULL, sum[r], 1);
            sum[r] += __shfl_xor_sync(FULL, sum[r], 2);
        }
#pragma unroll
        for (int step = 0; step < KEYS / 16; step++)
        {
            const unsigned p[4] = {narrow_pair(s[2 * step][0], s[2 * step][1]), narrow_pair(s[2 * step][2], s[2 * step][3]),
                                   narrow_pair(s[2 * step + 1][0], s[2 * step + 1][1]), narrow_pair(s[2 * step + 1][2], s[2 * step + 1][3])};
#pragma unroll
            for (int n = 0; n < 8; n += 2)
            {
                unsigned m[4];
                load_transposed(m, &values[place(step * 16 + lane % 16, n + lane / 16)]);
                multiply(o[n], p, m[0], m[1]);
                multiply(o[n + 1], p, m[2], m[3]);
            }
        }
#pragma unroll
        for (int r = 0; r < 2; r++)
        {
            if (entry[r] < 0) continue;
            const long long part = ((long long)blockIdx.y * a.tokens * SEEN + entry[r]) * BLOCKS + blockIdx.z;
#pragma unroll
            for (int n = 0; n < 8; n++) *(float2 *)(a.parts + part * SIZE + n * 8 + t * 2) = make_float2(o[n][2 * r], o[n][2 * r + 1]);
            if (t == 0) *(float2 *)(a.ends + part * 2) = make_float2(high[r], sum[r]);
        }
    }
}
