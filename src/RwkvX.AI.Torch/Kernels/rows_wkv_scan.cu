// Prefill: the WKV-7 recurrence, exactly as a step computes it. See docs/kernels/cuda-wkv.md.
//
//   S = S diag(w) + (S·(-κ))(κ·a)ᵀ + v·kᵀ, y = S·r
// The rows of S do not depend on each other, so a head is split over 8 warps that never meet: that fills the card at batch 1, and no
// triangular matrix is inverted, which is where chunked forms blow up on repeated keys.
// Launch: (8, H, S) blocks of one warp, 8 rows of S each: lane l holds rows 2(l / 8) and 2(l / 8) + 1, columns 4(l % 8) … +3 and 32 + 4(l % 8) … +3.
// Records stream through shared memory; the y of four tokens and two rows are summed over the 8 lanes together, seven exchanges for eight sums.

#include "common.cuh"

#define ROWS 8
#define TILE 4      // tokens a stage
#define STAGES 8
#define WORDS (6 * N / 4) // 16-byte words in a record

struct Args
{
    const float *records;     // (T, H, 6, 64)
    const int *starts;        // (S + 1)
    float *const *states;     // (S)
    long long state_offset;   // of att_x_prev
    float *y;                 // (T, C)
};

__device__ __forceinline__ void load8(const float *p, int j, float (&f)[8])
{
    *(float4 *)f = *(const float4 *)(p + j);
    *(float4 *)(f + 4) = *(const float4 *)(p + 32 + j);
}

extern "C" __global__ void __launch_bounds__(WARP) rows_wkv_scan(const __grid_constant__ Args a)
{
    __shared__ __align__(16) float ring[STAGES][TILE][6 * N];
    const int head = blockIdx.y, segment = blockIdx.z, lane = threadIdx.x;
    const int row = blockIdx.x * ROWS + lane / 8 * 2, j = lane % 8 * 4;
    const int first = a.starts[segment], count = a.starts[segment + 1] - first;
    const int tiles = (count + TILE - 1) / TILE;
    const float *records = a.records + ((long long)first * H + head) * (6 * N);

    auto fetch = [&](int tile)
    {
        if (tile < tiles)
        {
#pragma unroll
            for (int i = 0; i < TILE * WORDS / WARP; i++)
            {
                const int word = i * WARP + lane, token = tile * TILE + word / WORDS;
                copy_async(&ring[tile % STAGES][word / WORDS][word % WORDS * 4],
                           records + (long long)(token < count ? token : 0) * (H * 6 * N) + word % WORDS * 4, token < count);
            }
        }
        copy_commit();
    };
    float *state = a.states[segment] + a.state_offset + 2 * C + head * (N * N) + row * N;
    float S[2][8];
    load8(state, j, S[0]);
    load8(state + N, j, S[1]);
#pragma unroll
    for (int tile = 0; tile < STAGES - 1; tile++) fetch(tile);
    float *out = a.y + (long long)first * C + head * N + row;
    for (int tile = 0; tile < tiles; tile++)
    {
        copy_wait<STAGES - 2>();
        __syncwarp();
        fetch(tile + STAGES - 1);
        const int n = min(TILE, count - tile * TILE);
        float y[TILE * 2];
#pragma unroll
        for (int u = 0; u < TILE; u++)
        {
            // Tokens past the end leave the state as it is: w = 1, the rest is zero.
            const float *record = ring[tile % STAGES][u];
            float w[8], k[8], c[8], b[8], r[8];
            load8(record, j, w);
            load8(record + N, j, k);
            load8(record + 2 * N, j, c);
            load8(record + 3 * N, j, b);
            load8(record + 4 * N, j, r);
            const float2 v = *(const float2 *)(record + 5 * N + row);
            if (u >= n)
            {
#pragma unroll
                for (int q = 0; q < 8; q++) w[q] = 1.0f;
            }
#pragma unroll
            for (int i = 0; i < 2; i++)
            {
                const float vi = i == 0 ? v.x : v.y;
                float dot = 0, dot2 = 0, sum = 0;
#pragma unroll
                for (int q = 0; q < 8; q += 2)
                {
                    dot = fmaf(S[i][q], c[q], dot);
                    dot2 = fmaf(S[i][q + 1], c[q + 1], dot2);
                }
                dot += dot2;
#pragma unroll
                for (int m = 4; m > 0; m >>= 1) dot += __shfl_xor_sync(FULL, dot, m);
#pragma unroll
                for (int q = 0; q < 8; q++)
                {
                    S[i][q] = fmaf(dot, b[q], fmaf(S[i][q], w[q], vi * k[q]));
                    sum = fmaf(S[i][q], r[q], sum);
                }
                y[u * 2 + i] = sum;
            }
        }
        // Lane l keeps sum l % 8: at each exchange a lane gives away the half of its sums that its partner keeps.
#pragma unroll
        for (int m = 4; m > 0; m >>= 1)
        {
            const bool upper = (lane & m) != 0;
#pragma unroll
            for (int q = 0; q < m; q++)
            {
                const float give = upper ? y[q] : y[q + m], keep = upper ? y[q + m] : y[q];
                y[q] = keep + __shfl_xor_sync(FULL, give, m);
            }
        }
        const int u = lane % 8 / 2;
        if (u < n) out[(long long)(tile * TILE + u) * C + lane % 2] = y[0];
    }
    *(float4 *)(state + j) = make_float4(S[0][0], S[0][1], S[0][2], S[0][3]);
    *(float4 *)(state + 32 + j) = make_float4(S[0][4], S[0][5], S[0][6], S[0][7]);
    *(float4 *)(state + N + j) = make_float4(S[1][0], S[1][1], S[1][2], S[1][3]);
    *(float4 *)(state + N + 32 + j) = make_float4(S[1][4], S[1][5], S[1][6], S[1][7]);
}
