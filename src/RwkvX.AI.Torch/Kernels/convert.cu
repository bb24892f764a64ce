// At load: a block of rows of a matrix from the type of its file to the engine's, as it is or transposed.
// Launch: (ceil(columns / 32), ceil(rows / 32)) blocks of 256 threads, a tile of 32 × 32 each.

#include "common.cuh"

struct Args
{
    const void *from;       // (rows, columns)
    void *to;               // (rows, stride), or (columns, stride) where transposed
    long long rows, columns, stride;
    int type;               // of `from`: 0 f32, 1 bf16, 2 f16
    int wide;               // 1: `to` is f32, else the engine's type
    int transposed;
};

__device__ __forceinline__ float element(const Args &a, long long i)
{
    if (a.type == 0) return ((const float *)a.from)[i];
    const unsigned short u = ((const unsigned short *)a.from)[i];
    return a.type == 1 ? bf16_to_float(u) : f16_to_float(u);
}

extern "C" __global__ void __launch_bounds__(256) convert(const __grid_constant__ Args a)
{
    __shared__ float tile[32][33];
    const int x = threadIdx.x % 32, y = threadIdx.x / 32;
    const long long row0 = blockIdx.y * 32LL, column0 = blockIdx.x * 32LL;
    for (int i = y; i < 32; i += 8)
        if (row0 + i < a.rows && column0 + x < a.columns) tile[i][x] = element(a, (row0 + i) * a.columns + column0 + x);
    __syncthreads();
    for (int i = y; i < 32; i += 8)
    {
        const long long row = row0 + (a.transposed ? x : i), column = column0 + (a.transposed ? i : x);
        if (row >= a.rows || column >= a.columns) continue;
        const float f = a.transposed ? tile[x][i] : tile[i][x];
        const long long at = a.transposed ? column * a.stride + row : row * a.stride + column;
        if (a.wide) ((float *)a.to)[at] = f;
        else ((weight *)a.to)[at] = narrow(f);
    }
}
