// At load: a block of rows of a matrix from the type of its file to the engine's, as it is or transposed.
// Launch: (ceil(columns / 32), ceil(rows / 32)) blocks of 256 threads, a tile of 32 × 32 each.

#include "common.cuh"

struct Args
{
    const void *from;       // (rows, columns)
    void *to;               // (rows, stride), or (columns, stride) where transposed
    const float *scales;    // (rows) for 8-bit `to`; null where `from` is int8 already
    long long rows, columns, stride;
    int type;               // of `from`: 0 f32, 1 bf16, 2 f16, 3 int8
    int form;               // of `to`: 0 the engine's type, 1 f32, 2 the 8-bit type of large matrices
    int transposed;
};

__device__ __forceinline__ void store(const Args &a, long long at, long long row, float f)
{
    if (a.form == 0) ((weight *)a.to)[at] = narrow(f);
    else if (a.form == 1) ((float *)a.to)[at] = f;
#if MATRIX != 0
    else if (a.scales == nullptr) ((matrix *)a.to)[at] = (matrix)f;
    else
    {
        const float scale = a.scales[row];
        ((matrix *)a.to)[at] = quantize(scale == 0 ? 0.0f : f / scale);
    }
#endif
}

extern "C" __global__ void __launch_bounds__(256) convert(const __grid_constant__ Args a)
{
    __shared__ float tile[32][33];
    const int x = threadIdx.x % 32, y = threadIdx.x / 32;
    const long long row0 = blockIdx.y * 32LL, column0 = blockIdx.x * 32LL;
    for (int i = y; i < 32; i += 8)
        if (row0 + i < a.rows && column0 + x < a.columns) tile[i][x] = stored_element(a.from, a.type, (row0 + i) * a.columns + column0 + x);
    __syncthreads();
    for (int i = y; i < 32; i += 8)
    {
        const long long row = row0 + (a.transposed ? x : i), column = column0 + (a.transposed ? i : x);
        if (row >= a.rows || column >= a.columns) continue;
        const float f = a.transposed ? tile[x][i] : tile[i][x];
        const long long at = a.transposed ? column * a.stride + row : row * a.stride + column;
        store(a, at, row, f);
    }
}
