// Training: what the kernels of the recurrence share beside tiles and their products: where a chunk's inputs are and how they come.

#include "number.cuh"

#define EXACT_INPUTS !BF16
#include "tiles.cuh"

// A matrix of a chunk in memory, (B·H, chunks, 64, 64) f32: where it begins.
__device__ __forceinline__ long long matrix_at() { return ((long long)blockIdx.y * gridDim.x + blockIdx.x) * SIZE * SIZE; }

// The rows of a chunk in a tensor (B, T, H, 64); block (c, b·H + h) has chunk c.
struct Rows
{
    long long first; // element of the chunk's first row
    long long step;  // elements from a row to the next
    int count;       // rows before T

    __device__ __forceinline__ long long at(int row, int column) const { return first + row * step + column; }
};

__device__ __forceinline__ Rows rows_of(int tokens, int heads)
{
    Rows r;
    const int batch = blockIdx.y / heads, head = blockIdx.y % heads, start = blockIdx.x * SIZE;
    r.step = (long long)heads * SIZE;
    r.first = ((long long)batch * tokens + start) * r.step + head * SIZE;
    r.count = tokens - start < SIZE ? tokens - start : SIZE;
    return r;
}

__device__ __forceinline__ void write_rows(float *to, const Results &c, const Rows rows, const Place p)
{
    store(to + rows.first, (int)rows.step, c, p, rows.count);
}

__device__ __forceinline__ void add_rows(Results &c, const float *from, const Rows rows, const Place p)
{
    add(c, from + rows.first, (int)rows.step, p, rows.count);
}

// One thread's elements of a chunk as its inputs are loaded: a column and OWN rows.
template <int THREADS>
struct Column
{
    enum { OWN = SIZE * SIZE / THREADS };
    int column, row;

    __device__ __forceinline__ explicit Column(int thread) : column(thread % SIZE), row(thread / SIZE * OWN) {}

    // ln P_t (inclusive) and ln w; `sums` are SIZE · THREADS / SIZE floats. Two barriers.
    __device__ __forceinline__ void decays(const float *log_w, const Rows rows, float *sums, float (&log_p)[OWN], float (&own)[OWN]) const
    {
        float sum = 0.0f;
#pragma unroll
        for (int i = 0; i < OWN; i++) own[i] = row + i < rows.count ? log_w[rows.at(row + i, column)] : 0.0f;
#pragma unroll
        for (int i = 0; i < OWN; i++) log_p[i] = sum += own[i];
        sums[row / OWN * SIZE + column] = sum;
        __syncthreads();
        float before = 0.0f;
        for (int g = 0; g < row / OWN; g++) before += sums[g * SIZE + column];
#pragma unroll
        for (int i = 0; i < OWN; i++) log_p[i] += before;
        __syncthreads();
    }

    // tile = x ∘ exp(sign · ln P), or x alone with sign 0; zero beyond T.
    template <typename T>
    __device__ __forceinline__ void load(float *tile, const T *x, const Rows rows, const float (&log_p)[OWN], float sign) const
    {
#pragma unroll
        for (int i = 0; i < OWN; i++)
        {
            const float f = row + i < rows.count ? widen(x[rows.at(row + i, column)]) : 0.0f;
            tile[(row + i) * STRIDE + column] = sign == 0.0f ? f : f * expf(sign * log_p[i]);
        }
    }

    // tile = a ∘ P of the token before.
    __device__ __forceinline__ void load_a(float *tile, const number *a, const Rows rows, const float (&log_p)[OWN], const float (&own)[OWN]) const
    {
        float before[OWN];
#pragma unroll
        for (int i = 0; i < OWN; i++) before[i] = log_p[i] - own[i];
        load(tile, a, rows, before, 1.0f);
    }
};
