// Decode: Value · k of a channel mix, with the rows of zero relu² skipped. See docs/kernels/cuda-value.md.
//
// The value matrix lies transposed, (F, C): inner index i owns one contiguous row, and where k_i = 0 for every sequence of the
// batch that row is not read at all (lossless; half of them with random weights, 85-90% in trained models).
// Launch: COLUMNS × SPLITS blocks of 512 threads. A block takes 128 bytes of columns (64 where they have 8 bits) and one part of the inner
// index, a warp a part of that; a warp access covers four inner indices (eight). The sums of the parts go out as they are: the next product adds them to x, in order.

#include "common.cuh"

#ifndef B
#define B 1
#endif
#define THREADS 512
#define WARPS (THREADS / WARP)
#define LANES (MATRIX == 0 ? 8 : 4)  // lanes that cover a block's columns
#define ROWS (WARP / LANES)          // inner indices in one warp access
#define WIDTH (LANES * MATRIX_VEC)
#define COLUMNS (C / WIDTH)
#define RANGE ((F + SPLITS * WARPS - 1) / (SPLITS * WARPS)) // inner indices of a warp
#define TURNS ((RANGE + WARP - 1) / WARP)
#define UNROLL 8

struct Args
{
    const matrix *value;     // (F, C)
    const float *scales;     // (C) where value has 8 bits
    const float *k;          // (B, F) relu²
    float *partials;         // (SPLITS, B, C)
    const float *h;          // (B, C) becomes ffn_x_prev
    float *const *states;    // (B)
    long long prev_offset;   // of ffn_x_prev
};

extern "C" __global__ void __launch_bounds__(THREADS, B == 1 ? 2 : 1) step_value(const __grid_constant__ Args a)
{
    __shared__ unsigned short lists[WARPS][TURNS * WARP];
    __shared__ float sums[B][WARPS][WIDTH];

    const int column = blockIdx.x % COLUMNS, split = blockIdx.x / COLUMNS;
    const int tid = threadIdx.x, warp = tid / WARP, lane = tid % WARP;
    const int begin = (split * WARPS + warp) * RANGE, end = min(begin + RANGE, F);
#if MATRIX != 0
    const float scale = tid < B * WIDTH ? a.scales[column * WIDTH + tid % WIDTH] : 0.0f; // of the column that is this thread's at the end
#endif
    let_next_start();
    wait_for_previous();

    // The non-zero inner indices of this warp, in order.
    bool any[TURNS];
#pragma unroll
    for (int t = 0; t < TURNS; t++)
    {
        const int i = begin + t * WARP + lane;
        any[t] = false;
#pragma unroll
        for (int b = 0; b < B; b++) any[t] |= i < end && a.k[(long long)b * F + i] != 0.0f;
    }
    unsigned short *list = lists[warp];
    int count = 0;
#pragma unroll
    for (int t = 0; t < TURNS; t++)
    {
        const unsigned vote = __ballot_sync(FULL, any[t]);
        if (any[t]) list[count + __popc(vote & ((1u << lane) - 1))] = (unsigned short)(begin + t * WARP + lane);
        count += __popc(vote);
    }
    __syncwarp();

    const int row = lane / LANES;
    const matrix *value = a.value + column * WIDTH + lane % LANES * MATRIX_VEC;
    float acc[B][MATRIX_VEC] = {};
    for (int base = row; base < count + row; base += ROWS * UNROLL)
    {
        uint4 words[UNROLL];
        float k[UNROLL][B];
#pragma unroll
        for (int u = 0; u < UNROLL; u++)
        {
            const int at = base + u * ROWS;
            const bool in = at < count;
            const int i = list[in ? at : 0];
            words[u] = in ? load_once(value + (long long)i * C) : make_uint4(0, 0, 0, 0);
#pragma unroll
            for (int b = 0; b < B; b++) k[u][b] = in ? a.k[(long long)b * F + i] : 0.0f;
        }
#pragma unroll
        for (int u = 0; u < UNROLL; u++)
        {
            float w[MATRIX_VEC];
            widen_all(words[u], w);
#pragma unroll
            for (int b = 0; b < B; b++)
#pragma unroll
                for (int j = 0; j < MATRIX_VEC; j++) acc[b][j] = fmaf(k[u][b], w[j], acc[b][j]);
        }
    }

#pragma unroll
    for (int b = 0; b < B; b++)
#pragma unroll
        for (int j = 0; j < MATRIX_VEC; j++)
        {
#pragma unroll
            for (int m = LANES; m < WARP; m <<= 1) acc[b][j] += __shfl_xor_sync(FULL, acc[b][j], m);
            if (row == 0) sums[b][warp][lane * MATRIX_VEC + j] = acc[b][j];
        }
    __syncthreads();
    for (int i = tid; i < B * WIDTH; i += THREADS)
    {
        const int b = i / WIDTH, c = column * WIDTH + i % WIDTH;
        float f = 0;
#pragma unroll
        for (int w = 0; w < WARPS; w++) f += sums[b][w][i % WIDTH];
#if MATRIX != 0
        f *= scale;
#endif
        a.partials[((long long)split * B + b) * C + c] = f;
        if (split == 0) a.states[b][a.prev_offset + c] = a.h[b * C + c];
    }
}
