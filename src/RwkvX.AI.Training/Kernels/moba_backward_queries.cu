// Training: the sparse attention backward, queries. dS = P (dY·V − δ) / 8, dQ = dS K, with P = exp(S − lse) computed again and δ = Σ dY·Y.
// Shapes as in moba_forward.cu; dy like y; delta: (B·H, T) f32; dq f32. Launch: (ceil(T / 2), B·H) blocks of 64 threads: a warp a query.

#include "number.cuh"

#define SIZE 64
#define BLOCK 32 // keys at a time
#define FULL 0xffffffffu
#define SCALE 0.125f // 1 / sqrt(SIZE)

#define WARPS 2

struct Args
{
    const number *q, *k, *v, *dy;
    const int *chosen;
    const float *lse, *delta;
    float *dq;
    int tokens;
    int choices;
};

extern "C" __global__ void __launch_bounds__(WARPS * 32) moba_backward_queries(const __grid_constant__ Args a)
{
    __shared__ float keys[WARPS][BLOCK][SIZE + 1];
    __shared__ float values[WARPS][BLOCK][SIZE + 1];
    __shared__ float query[WARPS][SIZE];
    __shared__ float gradient[WARPS][SIZE];
    __shared__ float slopes[WARPS][BLOCK];
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const int position = blockIdx.x * WARPS + warp;
    if (position >= a.tokens) return;
    const long long head = (long long)blockIdx.y * a.tokens, row = head + position;
    for (int n = lane; n < SIZE; n += 32)
    {
        query[warp][n] = widen(a.q[row * SIZE + n]);
        gradient[warp][n] = widen(a.dy[row * SIZE + n]);
    }
    const float lse = a.lse[row], delta = a.delta[row];

    float dq0 = 0.0f, dq1 = 0.0f;
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
                for (int n = lane; n < SIZE; n += 32)
                {
                    keys[warp][j][n] = widen(a.k[(head + start + j) * SIZE + n]);
                    values[warp][j][n] = widen(a.v[(head + start + j) * SIZE + n]);
                }
            __syncwarp();
            float slope = 0.0f;
            if (lane < count)
            {
                float score = 0.0f, dp = 0.0f;
                for (int n = 0; n < SIZE; n++)
                {
                    score += query[warp][n] * keys[warp][lane][n];
                    dp += gradient[warp][n] * values[warp][lane][n];
                }
                slope = __expf(score * SCALE - lse) * (dp - delta) * SCALE;
            }
            slopes[warp][lane] = slope;
            __syncwarp();
            for (int j = 0; j < count; j++)
            {
                dq0 += slopes[warp][j] * keys[warp][j][lane];
                dq1 += slopes[warp][j] * keys[warp][j][lane + 32];
            }
        }
    }
    a.dq[row * SIZE + lane] = dq0;
    a.dq[row * SIZE + lane + 32] = dq1;
}
