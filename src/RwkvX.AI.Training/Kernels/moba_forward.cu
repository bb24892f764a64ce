// Training: the sparse attention forward. A query sees its own chunk up to itself and the chunks it chose; softmax as it goes along.
// q, k, v: (B·H, T, 64); y: the same in f32; chosen: (B·H, T, choices) chunk indices, -1 for none; lse: (B·H, T) f32, ln of the sum of exponentials.
// CHUNK is a multiple of 32. Launch: (ceil(T / 4), B·H) blocks of 128 threads: a warp a query.

#include "number.cuh"

#define SIZE 64
#define BLOCK 32 // keys at a time
#define FULL 0xffffffffu
#define SCALE 0.125f // 1 / sqrt(SIZE)

#define WARPS 4

struct Args
{
    const number *q, *k, *v;
    const int *chosen;
    float *y;
    float *lse;
    int tokens;
    int choices;
};

extern "C" __global__ void __launch_bounds__(WARPS * 32) moba_forward(const __grid_constant__ Args a)
{
    __shared__ float keys[WARPS][BLOCK][SIZE + 1];
    __shared__ float query[WARPS][SIZE];
    __shared__ float weights[WARPS][BLOCK];
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const int position = blockIdx.x * WARPS + warp;
    if (position >= a.tokens) return;
    const long long head = (long long)blockIdx.y * a.tokens, row = head + position;
    for (int n = lane; n < SIZE; n += 32) query[warp][n] = widen(a.q[row * SIZE + n]);

    float most = -1e30f, sum = 0.0f, y0 = 0.0f, y1 = 0.0f;
    for (int c = 0; c <= a.choices; c++)
    {
        const int chunk = c < a.choices ? a.chosen[row * a.choices + c] : position / CHUNK;
        if (chunk < 0) continue;
        const int end = c < a.choices ? (chunk + 1) * CHUNK : position + 1;
        for (int start = chunk * CHUNK; start < end; start += BLOCK)
        {
            const int count = end - start < BLOCK ? end - start : BLOCK;
            __syncwarp();
            for (int j = 0; j < count; j++)
            {
                keys[warp][j][lane] = widen(a.k[(head + start + j) * SIZE + lane]);
                keys[warp][j][lane + 32] = widen(a.k[(head + start + j) * SIZE + lane + 32]);
            }
            __syncwarp();
            float score = -1e30f;
            if (lane < count)
            {
                score = 0.0f;
                for (int n = 0; n < SIZE; n++) score += query[warp][n] * keys[warp][lane][n];
                score *= SCALE;
            }
            float highest = score;
            for (int offset = 16; offset > 0; offset /= 2) highest = fmaxf(highest, __shfl_xor_sync(FULL, highest, offset));
            highest = fmaxf(highest, most);
            const float scale = __expf(most - highest), p = lane < count ? __expf(score - highest) : 0.0f;
            float added = p;
            for (int offset = 16; offset > 0; offset /= 2) added += __shfl_xor_sync(FULL, added, offset);
            sum = sum * scale + added;
            most = highest;
            weights[warp][lane] = p;
            __syncwarp();
            y0 *= scale;
            y1 *= scale;
            for (int j = 0; j < count; j++)
            {
                const float w = weights[warp][j];
                y0 += w * widen(a.v[(head + start + j) * SIZE + lane]);
                y1 += w * widen(a.v[(head + start + j) * SIZE + lane + 32]);
            }
        }
    }
    a.y[row * SIZE + lane] = y0 / sum;
    a.y[row * SIZE + lane + 32] = y1 / sum;
    if (lane == 0) a.lse[row] = most + __logf(sum);
}
