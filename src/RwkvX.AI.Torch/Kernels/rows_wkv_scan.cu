// Prefill: the WKV-7 recurrence, exactly as a step computes it. See docs/kernels/wkv.md.
//
//   S = S diag(w) + (S·(-κ))(κ·a)ᵀ + v·kᵀ, y = S·r
// The rows of S do not depend on each other, so a head is split over SPLIT blocks: that fills the card at batch 1, and no triangular
// matrix is inverted, which is where chunked forms blow up on repeated keys.
// Launch: (SPLIT, H, S) blocks of 8 * 64 / SPLIT threads: 8 threads a row of S, 8 columns each. Records stream through shared memory.

#include "common.cuh"

#define SPLIT 4
#define ROWS (N / SPLIT)
#define THREADS (ROWS * 8)
#define TILE 4      // tokens a stage
#define STAGES 6
#define WORDS (6 * N / 4) // 16-byte words in a record

struct Args
{
    const float *records;     // (T, H, 6, 64)
    const int *starts;        // (S + 1)
    float *const *states;     // (S)
    long long state_offset;   // of att_x_prev
    float *y;                 // (T, C)
};

extern "C" __global__ void __launch_bounds__(THREADS) rows_wkv_scan(const __grid_constant__ Args a)
{
    __shared__ __align__(16) float ring[STAGES][TILE][6 * N];
    const int split = blockIdx.x, head = blockIdx.y, segment = blockIdx.z, tid = threadIdx.x;
    const int i = split * ROWS + tid / 8, j = tid % 8 * 8;
    const int first = a.starts[segment], count = a.starts[segment + 1] - first;
    const int tiles = (count + TILE - 1) / TILE;
    const float *records = a.records + ((long long)first * H + head) * (6 * N);

    auto fetch = [&](int tile)
    {
        if (tile < tiles)
            for (int w = tid; w < TILE * WORDS; w += THREADS)
            {
                const int token = tile * TILE + w / WORDS;
                copy_async(&ring[tile % STAGES][w / WORDS][w % WORDS * 4],
                           records + (long long)(token < count ? token : 0) * (H * 6 * N) + w % WORDS * 4, token < count);
            }
        copy_commit();
    };
    float *state = a.states[segment] + a.state_offset + 2 * C + head * (N * N) + i * N + j;
    float S[8];
#pragma unroll
    for (int q = 0; q < 8; q++) S[q] = state[q];
#pragma unroll
    for (int tile = 0; tile < STAGES - 1; tile++) fetch(tile);
    float *out = a.y + (long long)first * C + head * N + i;
    for (int tile = 0; tile < tiles; tile++)
    {
        copy_wait<STAGES - 2>();
        __syncthreads();
        fetch(tile + STAGES - 1);
        const int n = min(TILE, count - tile * TILE);
#pragma unroll
        for (int u = 0; u < TILE; u++)
        {
            if (u >= n) break;
            const float *record = ring[tile % STAGES][u];
            float w[8], k[8], c[8], b[8], r[8];
#pragma unroll
            for (int q = 0; q < 8; q += 4)
            {
                *(float4 *)(w + q) = *(const float4 *)(record + j + q);
                *(float4 *)(k + q) = *(const float4 *)(record + N + j + q);
                *(float4 *)(c + q) = *(const float4 *)(record + 2 * N + j + q);
                *(float4 *)(b + q) = *(const float4 *)(record + 3 * N + j + q);
                *(float4 *)(r + q) = *(const float4 *)(record + 4 * N + j + q);
            }
            const float v = record[5 * N + i];
            float dot = 0, dot2 = 0, y = 0;
#pragma unroll
            for (int q = 0; q < 8; q += 2)
            {
                dot = fmaf(S[q], c[q], dot);
                dot2 = fmaf(S[q + 1], c[q + 1], dot2);
            }
            dot += dot2;
#pragma unroll
            for (int m = 4; m > 0; m >>= 1) dot += __shfl_xor_sync(FULL, dot, m);
#pragma unroll
            for (int q = 0; q < 8; q++)
            {
                S[q] = fmaf(dot, b[q], fmaf(S[q], w[q], v * k[q]));
                y = fmaf(S[q], r[q], y);
            }
#pragma unroll
            for (int m = 4; m > 0; m >>= 1) y += __shfl_xor_sync(FULL, y, m);
            if (tid % 8 == 0) out[(long long)(tile * TILE + u) * C] = y;
        }
    }
#pragma unroll
    for (int q = 0; q < 8; q++) state[q] = S[q];
}
