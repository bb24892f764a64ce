// Tiles of 64 x 64 floats in shared memory, and their products by tensor cores.
//
// A tile is 64 rows of STRIDE floats: 4 more than 64, so that rows 0 to 7 begin in different banks. A product is the work of a team of 8 warps,
// 16 x 32 results a warp. Where inputs are f32 each factor is the sum of two numbers of TF32, and three of their four products are added
// up, which keeps single precision but for its last bit; where they are of 16 bits factors are rounded to TF32, which has three bits more than bf16.
// EXACT_INPUTS, defined before: which of the two; some products are always exact.
// A thread has 2 rows, 8 apart, and 4 pairs of columns, 8 apart (PTX, m16n8k8).
// Triangles: a warp leaves out what is zero for all of its 16 rows. Warps w and w + 4, which share a scheduler, have the bands w and 3 - w.

#define SIZE 64
#define STRIDE 68
#define TILE (SIZE * STRIDE)
#define TEAM 256
#define BAND 16

#ifndef DYNAMIC_SHARED
#define DYNAMIC_SHARED(name) extern __shared__ float4 name[]
#endif

// A thread's place in its team.
struct Place
{
    int band, row, column; // the warp's rows from 16·band; the thread's first row and column
    int group, member;     // of 8 groups of 4 threads

    __device__ __forceinline__ int row_at(int i) const { return row + 8 * i; }
    __device__ __forceinline__ int column_at(int j) const { return column + j / 2 * 8 + j % 2; }
    __device__ __forceinline__ int half() const { return column / 32 * 32; }
};

__device__ __forceinline__ Place place_of(int thread)
{
    Place p;
    const int warp = thread / 32;
    p.group = thread % 32 / 4;
    p.member = thread % 4;
    p.band = warp < 4 ? warp : 7 - warp;
    p.row = p.band * BAND + p.group;
    p.column = warp / 4 * 32 + 2 * p.member;
    return p;
}

struct Results
{
    float at[2][8];
};

__device__ __forceinline__ void clear(Results &c)
{
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
        for (int j = 0; j < 8; j++) c.at[i][j] = 0.0f;
}

#ifndef CUDA_ON_HOST
__device__ __forceinline__ unsigned to_tf32(float f)
{
    unsigned u;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(u) : "f"(f));
    return u;
}

__device__ __forceinline__ void multiply_add(float &c0, float &c1, float &c2, float &c3, const unsigned (&a)[4], const unsigned (&b)[2])
{
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c0), "+f"(c1), "+f"(c2), "+f"(c3)
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// c += A B for A (16, 8), B (8, 32), of whose four parts of 8 columns the first `parts` count.
template <bool EXACT>
__device__ __forceinline__ void multiply_add(float (&c)[2][8], const float (&a)[4], const float (&b)[4][2], int parts)
{
    unsigned a_high[4], a_low[4];
#pragma unroll
    for (int i = 0; i < 4; i++)
    {
        a_high[i] = to_tf32(a[i]);
        if (EXACT) a_low[i] = to_tf32(a[i] - __uint_as_float(a_high[i]));
    }
#pragma unroll
    for (int n = 0; n < 4; n++)
    {
        if (n >= parts) continue;
        unsigned b_high[2], b_low[2];
#pragma unroll
        for (int i = 0; i < 2; i++)
        {
            b_high[i] = to_tf32(b[n][i]);
            if (EXACT) b_low[i] = to_tf32(b[n][i] - __uint_as_float(b_high[i]));
        }
        float &c0 = c[0][2 * n], &c1 = c[0][2 * n + 1], &c2 = c[1][2 * n], &c3 = c[1][2 * n + 1];
        if (EXACT)
        {
            multiply_add(c0, c1, c2, c3, a_low, b_high);
            multiply_add(c0, c1, c2, c3, a_high, b_low);
        }
        multiply_add(c0, c1, c2, c3, a_high, b_high);
    }
}
#endif

// c += X Y, with either factor read transposed; k from `begin` to `end`, multiples of 8. A thread's two k are neighbours where Y is read as it
// is, and 4 apart where it is read transposed: so do its reads fall into different banks.
template <bool X_TRANSPOSED, bool Y_TRANSPOSED, bool EXACT = EXACT_INPUTS>
__device__ __forceinline__ void add_product(Results &c, const float *x, const float *y, const Place p, int begin, int end, int parts)
{
    const int row = p.row, column = p.half() + p.group, first = Y_TRANSPOSED ? p.member : 2 * p.member, other = Y_TRANSPOSED ? 4 : 1;
#pragma unroll 2
    for (int k = begin; k < end; k += 8)
    {
        const int k0 = k + first, k1 = k0 + other;
        float a[4], b[4][2];
        a[0] = X_TRANSPOSED ? x[k0 * STRIDE + row] : x[row * STRIDE + k0];
        a[1] = X_TRANSPOSED ? x[k0 * STRIDE + row + 8] : x[(row + 8) * STRIDE + k0];
        a[2] = X_TRANSPOSED ? x[k1 * STRIDE + row] : x[row * STRIDE + k1];
        a[3] = X_TRANSPOSED ? x[k1 * STRIDE + row + 8] : x[(row + 8) * STRIDE + k1];
#pragma unroll
        for (int n = 0; n < 4; n++)
        {
            b[n][0] = Y_TRANSPOSED ? y[(column + 8 * n) * STRIDE + k0] : y[k0 * STRIDE + column + 8 * n];
            b[n][1] = Y_TRANSPOSED ? y[(column + 8 * n) * STRIDE + k1] : y[k1 * STRIDE + column + 8 * n];
        }
        multiply_add<EXACT>(c.at, a, b, parts);
    }
}

// c += X Y
__device__ __forceinline__ void add_product(Results &c, const float *x, const float *y, const Place p)
{
    add_product<false, false>(c, x, y, p, 0, SIZE, 4);
}

// c += L Y for a lower triangle L.
template <bool EXACT = EXACT_INPUTS>
__device__ __forceinline__ void add_lower_product(Results &c, const float *l, const float *y, const Place p)
{
    add_product<false, false, EXACT>(c, l, y, p, 0, (p.band + 1) * BAND, 4);
}

// c += Xᵀ Y
template <bool EXACT = EXACT_INPUTS>
__device__ __forceinline__ void add_product_of_transposed(Results &c, const float *x, const float *y, const Place p)
{
    add_product<true, false, EXACT>(c, x, y, p, 0, SIZE, 4);
}

// c += Lᵀ Y for a lower triangle L.
__device__ __forceinline__ void add_product_of_transposed_lower(Results &c, const float *l, const float *y, const Place p)
{
    add_product<true, false>(c, l, y, p, p.band * BAND, SIZE, 4);
}

// c += X Yᵀ
__device__ __forceinline__ void add_product_with_transposed(Results &c, const float *x, const float *y, const Place p)
{
    add_product<false, true>(c, x, y, p, 0, SIZE, 4);
}

// The lower triangle of X Yᵀ: results beyond the diagonal are left at zero, and with `strict` those on it.
__device__ __forceinline__ Results lower_of(const float *x, const float *y, const Place p, bool strict)
{
    Results c;
    clear(c);
    const int parts = ((p.band + 1) * BAND - p.half()) / 8;
    if (parts > 0) add_product<false, true>(c, x, y, p, 0, SIZE, parts);
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
        for (int j = 0; j < 8; j++)
            if (p.column_at(j) + (strict ? 1 : 0) > p.row_at(i)) c.at[i][j] = 0.0f;
    return c;
}

__device__ __forceinline__ void store(float *to, int stride, const Results &c, const Place p, int rows = SIZE)
{
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
        for (int j = 0; j < 8; j += 2)
            if (p.row_at(i) < rows) *(float2 *)(to + (long long)p.row_at(i) * stride + p.column_at(j)) = make_float2(c.at[i][j], c.at[i][j + 1]);
}

__device__ __forceinline__ void add(Results &c, const float *from, int stride, const Place p, int rows = SIZE)
{
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
        for (int j = 0; j < 8; j += 2)
        {
            if (p.row_at(i) >= rows) continue;
            const float2 f = *(const float2 *)(from + (long long)p.row_at(i) * stride + p.column_at(j));
            c.at[i][j] += f.x;
            c.at[i][j + 1] += f.y;
        }
}

__device__ __forceinline__ void store_tile(float *tile, const Results &c, const Place p) { store(tile, STRIDE, c, p); }
__device__ __forceinline__ void add_tile(Results &c, const float *tile, const Place p) { add(c, tile, STRIDE, p); }
__device__ __forceinline__ void write_matrix(float *matrix, const Results &c, const Place p) { store(matrix, SIZE, c, p); }

__device__ __forceinline__ void store_tile_transposed(float *tile, const Results &c, const Place p)
{
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
        for (int j = 0; j < 8; j++) tile[p.column_at(j) * STRIDE + p.row_at(i)] = c.at[i][j];
}

__device__ __forceinline__ void row_of(const float *tile, int row, int column, float (&f)[4])
{
    const float4 v = *(const float4 *)(tile + row * STRIDE + column);
    f[0] = v.x;
    f[1] = v.y;
    f[2] = v.z;
    f[3] = v.w;
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

template <int THREADS>
__device__ __forceinline__ void load_matrix(float *tile, const float *matrix, int thread)
{
#pragma unroll
    for (int e = thread * 4; e < SIZE * SIZE; e += THREADS * 4)
        *(float4 *)(tile + e / SIZE * STRIDE + e % SIZE) = *(const float4 *)(matrix + e);
}
