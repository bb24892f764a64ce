// Training: the sparse attention backward, keys and values. dV = Pᵀ dY, dK = dSᵀ Q over the queries that see a key: those of its own chunk from
// itself on, and those that chose its chunk, listed by chunk. Each part of a list has a block of its own and writes to its own slice, so nothing
// is added in an order that chance decides.
// listed: positions of the queries that chose chunk c of head h, from offsets[h·chunks + c] to offsets[h·chunks + c + 1]; dk, dv: (parts, B·H, T, 64) f32.
// Launch: (ceil(T / 32), B·H, parts) blocks of 256 threads: 32 keys, 32 queries at a time.

#include "number.cuh"

#define SIZE 64
#define BLOCK 32 // keys at a time
#define FULL 0xffffffffu
#define SCALE 0.125f // 1 / sqrt(SIZE)

#define THREADS 256

struct Args
{
    const number *q, *k, *v, *dy;
    const int *listed;
    const long long *offsets;
    const float *lse, *delta;
    float *dk, *dv;
    int tokens;
    int chunks;
};

extern "C" __global__ void __launch_bounds__(THREADS) moba_backward_keys(const __grid_constant__ Args a)
{
    __shared__ float keys[BLOCK][SIZE + 1];
    __shared__ float values[BLOCK][SIZE + 1];
    __shared__ float queries[BLOCK][SIZE + 1];
    __shared__ float gradients[BLOCK][SIZE + 1];
    __shared__ float p[BLOCK][BLOCK + 1];
    __shared__ float ds[BLOCK][BLOCK + 1];
    __shared__ int positions[BLOCK];
    const int thread = threadIdx.x, start = blockIdx.x * BLOCK, chunk = start / CHUNK, part = blockIdx.z, parts = gridDim.z;
    const long long head = (long long)blockIdx.y * a.tokens;
    for (int e = thread; e < BLOCK * SIZE; e += THREADS)
    {
        const int j = e / SIZE, n = e % SIZE;
        const bool is = start + j < a.tokens;
        keys[j][n] = is ? widen(a.k[(head + start + j) * SIZE + n]) : 0.0f;
        values[j][n] = is ? widen(a.v[(head + start + j) * SIZE + n]) : 0.0f;
    }

    // The queries of this part: first those of the own chunk (in part 0 alone), then its share of the list.
    const int chunk_end = (chunk + 1) * CHUNK < a.tokens ? (chunk + 1) * CHUNK : a.tokens;
    const int own = part == 0 ? chunk_end - start : 0;
    long long from = 0, length = 0;
    if (chunk < a.chunks)
    {
        const long long begin = a.offsets[(long long)blockIdx.y * a.chunks + chunk], end = a.offsets[(long long)blockIdx.y * a.chunks + chunk + 1];
        from = begin + (end - begin) * part / parts;
        length = begin + (end - begin) * (part + 1) / parts - from;
    }

    float dk[8], dv[8]; // key thread / 8, channels thread % 8 + 8 i
    for (int i = 0; i < 8; i++) dk[i] = dv[i] = 0.0f;
    for (long long at = 0; at < own + length; at += BLOCK)
    {
        __syncthreads();
        if (thread < BLOCK)
        {
            const long long index = at + thread;
            positions[thread] = index < own ? start + (int)index : index < own + length ? a.listed[from + index - own] : -1;
        }
        __syncthreads();
        for (int e = thread; e < BLOCK * SIZE; e += THREADS)
        {
            const int i = e / SIZE, n = e % SIZE, position = positions[i];
            queries[i][n] = position < 0 ? 0.0f : widen(a.q[(head + position) * SIZE + n]);
            gradients[i][n] = position < 0 ? 0.0f : widen(a.dy[(head + position) * SIZE + n]);
        }
        __syncthreads();
        for (int e = thread; e < BLOCK * BLOCK; e += THREADS)
        {
            const int i = e / BLOCK, j = e % BLOCK, position = positions[i];
            const bool sees = position >= 0 && start + j <= position && start + j < a.tokens;
            float score = 0.0f, dp = 0.0f;
            for (int n = 0; n < SIZE; n++)
            {
                score += queries[i][n] * keys[j][n];
                dp += gradients[i][n] * values[j][n];
            }
            const float weight = sees ? __expf(score * SCALE - a.lse[head + position]) : 0.0f;
            p[i][j] = weight;
            ds[i][j] = sees ? weight * (dp - a.delta[head + position]) * SCALE : 0.0f;
        }
        __syncthreads();
        const int j = thread / 8, n = thread % 8;
        for (int i = 0; i < BLOCK; i++)
        {
            const float weight = p[i][j], slope = ds[i][j];
            for (int c = 0; c < 8; c++)
            {
                dv[c] += weight * gradients[i][n + 8 * c];
                dk[c] += slope * queries[i][n + 8 * c];
            }
        }
    }

    const int j = thread / 8, n = thread % 8;
    if (start + j >= a.tokens) return;
    const long long out = (((long long)part * gridDim.y) * a.tokens + head + start + j) * SIZE;
    for (int c = 0; c < 8; c++)
    {
        a.dk[out + n + 8 * c] = dk[c];
        a.dv[out + n + 8 * c] = dv[c];
    }
}
