// Training, bf16: the sparse attention backward on the tensor cores. A block has KEYS keys of a chunk and one item of the queries that see it
// (moba_lists.cu, moba_items.cu), 64 at a time: transposed scores, so that P and dS are left operands of dV += Pᵀ dY and dK += dSᵀ Q as they
// come; a warp has 16 keys. dS goes through shared memory to dQ = dS K, of which a warp has 16 queries. Each item writes its own slice of
// dK and dV, each query and block of keys its own part of dQ: moba_backward_join.cu adds them in order, so nothing depends on chance.
// slices: (heads of this launch, most, BLOCKS, 2, KEYS, 64) f32, dK then dV; parts: (heads of this launch, T · SEEN, BLOCKS, 64) f32.
// Launch: (most, heads, BLOCKS) blocks of 128 threads.

#include "tensor_cores.cuh"

#define SIZE 64
#define THREADS 128
#define TILE 64                                // queries at a time
#define SEEN (CHOICES + 1)
#define BLOCKS (CHUNK / KEYS)
#define GROUPS (THREADS / 32 / (KEYS / 16))    // warps that share 16 keys, each with its own queries of a tile
#define SCALE 0.125f                           // 1 / sqrt(64)

struct Args
{
    const number *q, *k, *v, *dy; // (B·H, T, 64)
    const int *list, *items, *firsts;
    const float *lse, *delta;     // (B·H, T); lse to the base 2
    float *parts, *slices;
    int tokens;
    int chunks;
    int head;                     // the first of this launch
};

extern "C" __global__ void __launch_bounds__(THREADS, 3) moba_backward_tiles(const __grid_constant__ Args a)
{
    __shared__ __align__(128) number keys[KEYS * SIZE], queries[TILE * SIZE], gradients[TILE * SIZE], slopes[KEYS * TILE];
    __shared__ int entries[2][TILE], visible[TILE];
    __shared__ float lse[TILE], delta[TILE];
    const int thread = threadIdx.x, warp = thread / 32, lane = thread % 32, g = lane / 4, t = lane % 4;
    const long long head = a.head + blockIdx.y;
    if (blockIdx.x >= a.firsts[head * (a.chunks + 1) + a.chunks]) return;
    const int *item = a.items + (head * gridDim.x + blockIdx.x) * 4;
    const int start = item[0] * CHUNK + blockIdx.z * KEYS, end = item[2];
    const int *list = a.list + head * a.tokens * SEEN;

    auto entry_at = [&](int at) { return at < end ? list[at] : -1; };
    // The queries of a tile with all that belongs to them.
    auto fetch = [&](const int *of)
    {
#pragma unroll
        for (int i = 0; i < TILE * 8 / THREADS; i++)
        {
            const int row = (thread + i * THREADS) / 8, piece = thread % 8, entry = of[row];
            const long long at = (head * a.tokens + (entry < 0 ? 0 : entry / SEEN)) * SIZE + piece * 8;
            copy_async(&queries[place(row, piece)], a.q + at, entry >= 0);
            copy_async(&gradients[place(row, piece)], a.dy + at, entry >= 0);
        }
        if (thread < TILE)
        {
            const int entry = of[thread], position = entry < 0 ? 0 : entry / SEEN;
            visible[thread] = entry < 0 ? 0 : position - start + 1;
            lse[thread] = a.lse[head * a.tokens + position];
            delta[thread] = a.delta[head * a.tokens + position];
        }
    };

    // Keys stay in shared memory and, as left operands, in registers with the values, which pass through the room of dS.
    for (int e = thread; e < KEYS * 8; e += THREADS)
    {
        const int row = e / 8, piece = e % 8;
        const bool there = start + row < a.tokens;
        const long long at = (head * a.tokens + (there ? start + row : 0)) * SIZE + piece * 8;
        copy_async(&keys[place(row, piece)], a.k + at, there);
        copy_async(&slopes[place(row, piece)], a.v + at, there);
    }
    if (thread < TILE) entries[0][thread] = entry_at(item[1] + thread);
    __syncthreads();
    fetch(entries[0]);
    copy_wait();
    __syncthreads();
    const int key = warp / GROUPS * 16, group = warp % GROUPS * (TILE / GROUPS);
    unsigned k[4][4], v[4][4];
#pragma unroll
    for (int step = 0; step < 4; step++)
    {
        load_matrices(k[step], &keys[place(key + lane % 16, step * 2 + lane / 16)]);
        load_matrices(v[step], &slopes[place(key + lane % 16, step * 2 + lane / 16)]);
    }
    __syncthreads();

    float dk[8][4] = {}, dv[8][4] = {};
    int buffer = 0;
    for (int at = item[1]; at < end; at += TILE, buffer ^= 1)
    {
        if (thread < TILE) entries[buffer ^ 1][thread] = entry_at(at + TILE + thread);
#pragma unroll 1
        for (int row = group; row < group + TILE / GROUPS; row += 16)
        {
            unsigned p[4], ds[4];
#pragma unroll
            for (int n = 0; n < 2; n++)
            {
                float s[4] = {}, dp[4] = {};
#pragma unroll
                for (int half = 0; half < 2; half++)
                {
                    unsigned m[4];
                    load_matrices(m, &queries[place(row + n * 8 + lane % 8, half * 4 + lane / 8)]);
                    multiply(s, k[half * 2], m[0], m[1]);
                    multiply(s, k[half * 2 + 1], m[2], m[3]);
                    load_matrices(m, &gradients[place(row + n * 8 + lane % 8, half * 4 + lane / 8)]);
                    multiply(dp, v[half * 2], m[0], m[1]);
                    multiply(dp, v[half * 2 + 1], m[2], m[3]);
                }
#pragma unroll
                for (int i = 0; i < 4; i++)
                {
                    const int query = row + n * 8 + t * 2 + i % 2;
                    s[i] = key + g + i / 2 * 8 < visible[query] ? power_of_two(s[i] * (SCALE * LOG2E) - lse[query]) : 0.0f;
                    dp[i] = s[i] * (dp[i] - delta[query]) * SCALE;
                }
#pragma unroll
                for (int r = 0; r < 2; r++)
                {
                    p[2 * n + r] = narrow_pair(s[2 * r], s[2 * r + 1]);
                    ds[2 * n + r] = narrow_pair(dp[2 * r], dp[2 * r + 1]);
                    *(unsigned *)&slopes[place(key + g + 8 * r, row / 8 + n) + t * 2] = ds[2 * n + r];
                }
            }
#pragma unroll
            for (int n = 0; n < 8; n += 2)
            {
                unsigned m[4];
                load_transposed(m, &gradients[place(row + lane % 16, n + lane / 16)]);
                multiply(dv[n], p, m[0], m[1]);
                multiply(dv[n + 1], p, m[2], m[3]);
                load_transposed(m, &queries[place(row + lane % 16, n + lane / 16)]);
                multiply(dk[n], ds, m[0], m[1]);
                multiply(dk[n + 1], ds, m[2], m[3]);
            }
        }
        __syncthreads();
        if (at + TILE < end) fetch(entries[buffer ^ 1]); // while dQ is calculated, which needs neither queries nor gradients

        float dq[8][4] = {};
#pragma unroll
        for (int step = 0; step < KEYS / 16; step++)
        {
            unsigned ds[4];
            load_transposed(ds, &slopes[place(step * 16 + lane / 16 * 8 + lane % 8, warp * 2 + lane / 8 % 2)]);
#pragma unroll
            for (int n = 0; n < 8; n += 2)
            {
                unsigned m[4];
                load_transposed(m, &keys[place(step * 16 + lane % 16, n + lane / 16)]);
                multiply(dq[n], ds, m[0], m[1]);
                multiply(dq[n + 1], ds, m[2], m[3]);
            }
        }
#pragma unroll
        for (int r = 0; r < 2; r++)
        {
            const int entry = entries[buffer][warp * 16 + g + 8 * r];
            if (entry < 0) continue;
            float *part = a.parts + (((long long)blockIdx.y * a.tokens * SEEN + entry) * BLOCKS + blockIdx.z) * SIZE;
#pragma unroll
            for (int n = 0; n < 8; n++) *(float2 *)(part + n * 8 + t * 2) = make_float2(dq[n][2 * r], dq[n][2 * r + 1]);
        }
        copy_wait();
        __syncthreads();
    }

    // Warps that share keys add theirs in turn.
    float *slice = a.slices + (((long long)blockIdx.y * gridDim.x + blockIdx.x) * BLOCKS + blockIdx.z) * (2 * KEYS * SIZE);
    for (int turn = 0; turn < GROUPS; turn++)
    {
        if (warp % GROUPS == turn)
#pragma unroll
            for (int n = 0; n < 8; n++)
#pragma unroll
                for (int r = 0; r < 2; r++)
                {
                    float *to = slice + (key + g + 8 * r) * SIZE + n * 8 + t * 2;
                    float2 sums[2] = {make_float2(dk[n][2 * r], dk[n][2 * r + 1]), make_float2(dv[n][2 * r], dv[n][2 * r + 1])};
#pragma unroll
                    for (int i = 0; i < 2; i++, to += KEYS * SIZE)
                    {
                        if (turn > 0)
                        {
                            const float2 before = *(const float2 *)to;
                            sums[i] = make_float2(before.x + sums[i].x, before.y + sums[i].y);
                        }
                        *(float2 *)to = sums[i];
                    }
                }
        __syncthreads();
    }
}
