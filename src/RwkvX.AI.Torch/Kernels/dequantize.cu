// Prefill: a large matrix from 8 bits to the engine's type, w = narrow(q · s), for the matrix product that comes next. See docs/kernels/cuda-gemv.md.
// Launch: ceil(rows · columns / 16 / 256) blocks of 256 threads, 16 neighbours of a row each.

#include "common.cuh"

#define THREADS 256

struct Args
{
    const matrix *from;  // (rows, columns)
    const float *scales; // (rows), or (columns) where the matrix lies transposed
    weight *to;          // (rows, columns)
    unsigned rows;
    unsigned words;      // of 16 elements in a row
    int by_column;
};

extern "C" __global__ void __launch_bounds__(THREADS) dequantize(const __grid_constant__ Args a)
{
    const unsigned word = blockIdx.x * THREADS + threadIdx.x;
    if (word >= a.rows * a.words) return;
    const unsigned row = word / a.words;
    const float *scales = a.scales + (a.by_column ? (word - row * a.words) * MATRIX_VEC : row);
    float f[MATRIX_VEC];
    widen_all(load_once(a.from + (long long)word * MATRIX_VEC), f);
    __align__(16) weight narrowed[MATRIX_VEC];
#pragma unroll
    for (int i = 0; i < MATRIX_VEC; i++) narrowed[i] = narrow(f[i] * scales[a.by_column ? i : 0]);
    uint4 *to = (uint4 *)(a.to + (long long)word * MATRIX_VEC);
#pragma unroll
    for (int i = 0; i < MATRIX_VEC / VEC; i++) to[i] = *(const uint4 *)(narrowed + i * VEC);
}
