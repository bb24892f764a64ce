// Training: what the kernels of the recurrence share: tiles of 64 x 64 in shared memory, their products, and a chunk's inputs.
//
// A tile is 64 rows of STRIDE floats: 4 more than 64, so that rows 0 to 7 begin in different banks. A product is the work of a team, EACH x 4 results
// a thread. Its columns are 4·(thread % 16) and on (`near`), or thread % 16 and every 16th (`far`, where the second factor is read along its rows:
// neighbours then read neighbouring rows).
// Triangles: a warp has a band of rows and leaves out what is zero for all of them. Of 8 warps, 4 to 7 have the bands 7 to 4, so that the four
// schedulers, which have warps w and w + 4, get the same work.

#include "number.cuh"

#define SIZE 64
#define STRIDE 68
#define TILE (SIZE * STRIDE)
// -DEACH: rows of a thread: 4, or 8 for fewer reads of shared memory by half as many threads.
#define TEAM (SIZE * 16 / EACH)
#define BAND (2 * EACH)

#ifndef DYNAMIC_SHARED
#define DYNAMIC_SHARED(name) extern __shared__ float4 name[]
#endif

// A thread's place in its team, and its results of one product.
struct Place
{
    int band, row, near, far;
};

__device__ __forceinline__ Place place_of(int thread)
{
    Place p;
    const int warp = thread / 32;
    p.band = warp < 4 ? warp : 11 - warp;
    p.row = p.band * BAND + (thread % 32) / 16 * EACH;
    p.far = thread % 16;
    p.near = p.far * 4;
    return p;
}

struct Results
{
    float at[EACH][4];
};

__device__ __forceinline__ void clear(Results &c)
{
#pragma unroll
    for (int i = 0; i < EACH; i++)
#pragma unroll
        for (int j = 0; j < 4; j++) c.at[i][j] = 0.0f;
}

__device__ __forceinline__ void row_of(const float *tile, int row, int column, float (&f)[4])
{
    const float4 v = *(const float4 *)(tile + row * STRIDE + column);
    f[0] = v.x;
    f[1] = v.y;
    f[2] = v.z;
    f[3] = v.w;
}

// c += X Y, columns near; k from 0 to `end`, a multiple of 4.
__device__ __forceinline__ void add_product(Results &c, const float *x, const float *y, const Place p, int end = SIZE)
{
#pragma unroll 2
    for (int k = 0; k < end; k += 4)
    {
        float a[EACH][4], b[4];
#pragma unroll
        for (int i = 0; i < EACH; i++) row_of(x, p.row + i, k, a[i]);
#pragma unroll
        for (int s = 0; s < 4; s++)
        {
            row_of(y, k + s, p.near, b);
#pragma unroll
            for (int i = 0; i < EACH; i++)
#pragma unroll
                for (int j = 0; j < 4; j++) c.at[i][j] += a[i][s] * b[j];
        }
    }
}

// c += L Y for a lower triangle L.
__device__ __forceinline__ void add_lower_product(Results &c, const float *l, const float *y, const Place p)
{
    add_product(c, l, y, p, (p.band + 1) * BAND);
}

// c += Xᵀ Y, columns near; k from `begin`.
__device__ __forceinline__ void add_product_of_transposed(Results &c, const float *x, const float *y, const Place p, int begin = 0)
{
#pragma unroll 4
    for (int k = begin; k < SIZE; k++)
    {
        float a[EACH], b[4];
#pragma unroll
        for (int i = 0; i < EACH; i += 4) row_of(x, k, p.row + i, *(float (*)[4])(a + i));
        row_of(y, k, p.near, b);
#pragma unroll
        for (int i = 0; i < EACH; i++)
#pragma unroll
            for (int j = 0; j < 4; j++) c.at[i][j] += a[i] * b[j];
    }
}

// c += Lᵀ Y for a lower triangle L.
__device__ __forceinline__ void add_product_of_transposed_lower(Results &c, const float *l, const float *y, const Place p)
{
    add_product_of_transposed(c, l, y, p, p.band * BAND);
}

// c += X Yᵀ, columns far, the first 16·`groups` of them.
__device__ __forceinline__ void add_product_with_transposed(Results &c, const float *x, const float *y, const Place p, int groups = 4)
{
#pragma unroll 2
    for (int k = 0; k < SIZE; k += 4)
    {
        float a[EACH][4], b[4];
#pragma unroll
        for (int i = 0; i < EACH; i++) row_of(x, p.row + i, k, a[i]);
#pragma unroll
        for (int j = 0; j < 4; j++)
        {
            if (j >= groups) continue;
            row_of(y, p.far + 16 * j, k, b);
#pragma unroll
            for (int i = 0; i < EACH; i++)
#pragma unroll
                for (int s = 0; s < 4; s++) c.at[i][j] += a[i][s] * b[s];
        }
    }
}

// The lower triangle of X Yᵀ: results beyond the diagonal are left at zero, and with `strict` those on it.
__device__ __forceinline__ Results lower_of(const float *x, const float *y, const Place p, bool strict)
{
    Results c;
    clear(c);
    add_product_with_transposed(c, x, y, p, ((p.band + 1) * BAND + 15) / 16);
#pragma unroll
    for (int i = 0; i < EACH; i++)
#pragma unroll
        for (int j = 0; j < 4; j++)
            if (p.far + 16 * j + (strict ? 1 : 0) > p.row + i) c.at[i][j] = 0.0f;
    return c;
}

__device__ __forceinline__ void store_near(float *tile, const Results &c, const Place p)
{
#pragma unroll
    for (int i = 0; i < EACH; i++)
        *(float4 *)(tile + (p.row + i) * STRIDE + p.near) = make_float4(c.at[i][0], c.at[i][1], c.at[i][2], c.at[i][3]);
}

__device__ __forceinline__ void store_far(float *tile, const Results &c, const Place p)
{
#pragma unroll
    for (int i = 0; i < EACH; i++)
#pragma unroll
        for (int j = 0; j < 4; j++) tile[(p.row + i) * STRIDE + p.far + 16 * j] = c.at[i][j];
}

__device__ __forceinline__ void store_far_transposed(float *tile, const Results &c, const Place p)
{
#pragma unroll
    for (int j = 0; j < 4; j++)
#pragma unroll
        for (int i = 0; i < EACH; i += 4)
            *(float4 *)(tile + (p.far + 16 * j) * STRIDE + p.row + i) = make_float4(c.at[i][j], c.at[i + 1][j], c.at[i + 2][j], c.at[i + 3][j]);
}

__device__ __forceinline__ void add_tile(Results &c, const float *tile, const Place p)
{
#pragma unroll
    for (int i = 0; i < EACH; i++)
    {
        float f[4];
        row_of(tile, p.row + i, p.near, f);
#pragma unroll
        for (int j = 0; j < 4; j++) c.at[i][j] += f[j];
    }
}

// Solves (I − L) X = Z in place for one column of X, 16 rows at a time: STEP 1 from the first row with a lower triangle, -1 from the last with an upper one.
template <int STEP>
__device__ __forceinline__ void solve_column(const float *l, float *x)
{
    const int PART = 16;
#pragma unroll 1
    for (int done = 0; done < SIZE; done += PART)
    {
        const int first = STEP > 0 ? done : SIZE - PART - done, from = STEP > 0 ? 0 : first + PART;
        float z[PART];
#pragma unroll
        for (int i = 0; i < PART; i++) z[i] = x[(first + i) * STRIDE];
#pragma unroll 1
        for (int j = from; j < from + done; j += 4)
        {
            float solved[4];
#pragma unroll
            for (int s = 0; s < 4; s++) solved[s] = x[(j + s) * STRIDE];
#pragma unroll
            for (int i = 0; i < PART; i++)
            {
                float f[4];
                row_of(l, first + i, j, f);
#pragma unroll
                for (int s = 0; s < 4; s++) z[i] += f[s] * solved[s];
            }
        }
#pragma unroll
        for (int n = 0; n < PART; n++)
        {
            const int i = STEP > 0 ? n : PART - 1 - n;
#pragma unroll
            for (int j = 0; j < PART; j += 4)
            {
                if (STEP > 0 ? j >= i : j + 3 <= i) continue;
                float f[4];
                row_of(l, first + i, first + j, f);
#pragma unroll
                for (int s = 0; s < 4; s++)
                    if (STEP > 0 ? j + s < i : j + s > i) z[i] += f[s] * z[j + s];
            }
            x[(first + i) * STRIDE] = z[i];
        }
    }
}

// A matrix of a chunk in memory, (B·H, chunks, 64, 64) f32: where it begins.
__device__ __forceinline__ long long matrix_at() { return ((long long)blockIdx.y * gridDim.x + blockIdx.x) * SIZE * SIZE; }

template <int THREADS>
__device__ __forceinline__ void load_matrix(float *tile, const float *matrix, int thread)
{
#pragma unroll
    for (int e = thread * 4; e < SIZE * SIZE; e += THREADS * 4)
        *(float4 *)(tile + e / SIZE * STRIDE + e % SIZE) = *(const float4 *)(matrix + e);
}

__device__ __forceinline__ void write_matrix(float *matrix, const Results &c, const Place p)
{
#pragma unroll
    for (int i = 0; i < EACH; i++)
        *(float4 *)(matrix + (p.row + i) * SIZE + p.near) = make_float4(c.at[i][0], c.at[i][1], c.at[i][2], c.at[i][3]);
}

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
#pragma unroll
    for (int i = 0; i < EACH; i++)
        if (p.row + i < rows.count)
            *(float4 *)(to + rows.at(p.row + i, p.near)) = make_float4(c.at[i][0], c.at[i][1], c.at[i][2], c.at[i][3]);
}

__device__ __forceinline__ void add_rows(Results &c, const float *from, const Rows rows, const Place p)
{
#pragma unroll
    for (int i = 0; i < EACH; i++)
    {
        if (p.row + i >= rows.count) continue;
        const float4 f = *(const float4 *)(from + rows.at(p.row + i, p.near));
        c.at[i][0] += f.x;
        c.at[i][1] += f.y;
        c.at[i][2] += f.z;
        c.at[i][3] += f.w;
    }
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
