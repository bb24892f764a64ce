// Training: the gradients of the recurrence's inputs, chunk by chunk (docs/kernels/training.md), from dY, the state S before the chunk and the
// gradient D of the state behind it. With E = D diag(P):
//   dU = tril(R̃ B̃ᵀ)ᵀ dY + B̃ Eᵀ, dZ = (I − tril(Ã B̃ᵀ, −1))⁻ᵀ dU, dV = tril(Ã K̃ᵀ, −1)ᵀ dZ + tril(R̃ K̃ᵀ)ᵀ dY + K̃ Eᵀ,
//   dÃ = dZ S + tril(dZ Uᵀ, −1) B̃ + tril(dZ Vᵀ, −1) K̃, dR̃ = dY S + tril(dY Uᵀ) B̃ + tril(dY Vᵀ) K̃,
//   dB̃ = tril(dZ Uᵀ, −1)ᵀ Ã + tril(dY Uᵀ)ᵀ R̃ + U E, dK̃ = tril(dZ Vᵀ, −1)ᵀ Ã + tril(dY Vᵀ)ᵀ R̃ + V E,
//   d ln P_t = dR̃∘R̃ − dB̃∘B̃ − dK̃∘K̃ at t, + dÃ∘Ã at t + 1, + the columns' sums of D∘S behind the chunk at its end; d ln w_s = Σ_{t ≥ s} d ln P_t.
// r to b and their gradients: (B, T, H, 64); dy likewise, gradients f32; u, s, d: (B·H, chunks, 64, 64) f32.
// Launch: (chunks, B·H) blocks of two teams, one for Ã and dZ, one, a product ahead, for R̃ and dY; 11 tiles and 1,088 floats of shared memory.

#include "wkv_tiles.cuh"

#define THREADS (2 * TEAM)
#define GROUPS (THREADS / SIZE)

struct Args
{
    const number *r;
    const float *log_w;
    const number *k, *v, *a, *b;
    const float *u, *s, *d, *dy;
    float *dr, *dlog_w, *dk, *dv, *da, *db;
    int tokens;
    int heads;
};

// dx ∘ exp(sign · ln P_{t − lag}) into memory, nothing beyond T.
__device__ __forceinline__ void write_scaled(float *to, const Results &dx, const float *log_p, const Rows rows, const Place p, float sign, int lag)
{
    Results scaled;
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
        for (int j = 0; j < 8; j++)
        {
            const int row = p.row_at(i) - lag;
            scaled.at[i][j] = row < 0 ? dx.at[i][j] : dx.at[i][j] * expf(sign * log_p[row * STRIDE + p.column_at(j)]);
        }
    write_rows(to, scaled, rows, p);
}

// c += sign · x ∘ tile
__device__ __forceinline__ void add_pointwise(Results &c, const Results &x, const float *tile, const Place p, float sign)
{
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
        for (int j = 0; j < 8; j++) c.at[i][j] += sign * x.at[i][j] * tile[p.row_at(i) * STRIDE + p.column_at(j)];
}

extern "C" __global__ void __launch_bounds__(THREADS, 1) wkv_gradients(const __grid_constant__ Args args)
{
    DYNAMIC_SHARED(shared);
    float *log_p = (float *)shared, *a = log_p + TILE, *r = a + TILE, *b = r + TILE, *k = b + TILE, *v = k + TILE, *u = v + TILE;
    float *dy = u + TILE, *dz = dy + TILE, *m0 = dz + TILE, *m1 = m0 + TILE, *sums = m1 + TILE, *ends = sums + THREADS, *end = ends + THREADS;
    const int thread = threadIdx.x;
    const bool second = thread >= TEAM; // the team of R̃ and dY, with m1; the other has Ã, dZ and m0
    const Place p = place_of(thread % TEAM);
    const Rows rows = rows_of(args.tokens, args.heads);
    const Column<THREADS> column(thread);
    const int OWN = Column<THREADS>::OWN;
    const long long matrix = matrix_at();
    {
        float log[Column<THREADS>::OWN], own[Column<THREADS>::OWN];
        column.decays(args.log_w, rows, sums, log, own);
        column.load_a(a, args.a, rows, log, own);
        column.load(r, args.r, rows, log, 1.0f);
        column.load(b, args.b, rows, log, -1.0f);
        column.load(k, args.k, rows, log, -1.0f);
        column.load(v, args.v, rows, log, 0.0f);
#pragma unroll
        for (int i = 0; i < OWN; i++)
        {
            const int row = column.row + i;
            log_p[row * STRIDE + column.column] = log[i];
            dy[row * STRIDE + column.column] = row < rows.count ? args.dy[rows.at(row, column.column)] : 0.0f;
        }
        load_matrix<THREADS>(u, args.u + matrix, thread);
        if (column.row + OWN == SIZE) end[column.column] = expf(log[OWN - 1]); // P at the chunk's end
    }
    __syncthreads();

    Results c, dx, db, dk;
    float sum = 0.0f; // of this column of D ∘ (the state behind the chunk)
#pragma unroll
    for (int i = 0; i < OWN; i++)
    {
        const long long at = matrix + (column.row + i) * SIZE + column.column;
        const float d = args.d[at];
        dz[column.column * STRIDE + column.row + i] = d * end[column.column]; // Eᵀ
        if (blockIdx.x + 1 < gridDim.x) sum += d * args.s[at + SIZE * SIZE];
    }
    ends[thread] = sum;
    if (second) store_tile(m1, lower_of(r, b, p, false), p);
    else store_tile_transposed(m0, lower_of(a, b, p, true), p);
    __syncthreads();
    clear(c);
    clear(dx);
    if (second)
    {
        add_product_of_transposed_lower(c, m1, dy, p);
        add_product(dx, k, dz, p); // dx is dV until that is written
    }
    else add_product(c, b, dz, p);
    __syncthreads();
    if (second) store_tile(m1, c, p);
    __syncthreads();
    if (!second)
    {
        add_tile(c, m1, p);
        store_tile(dz, c, p); // dU
    }
    __syncthreads();

    if (second) store_tile(m1, lower_of(r, k, p, false), p);
    else if (thread < SIZE) solve_column<-1>(m0, dz + thread); // dZ
    __syncthreads();
    if (second)
    {
        add_product_of_transposed_lower(dx, m1, dy, p);
        write_rows(args.dv, dx, rows, p); // so far
    }
    else store_tile(m0, lower_of(a, k, p, true), p);
    __syncthreads();
    if (second) store_tile(m1, lower_of(dy, u, p, false), p);
    else
    {
        add_rows(dx, args.dv, rows, p);
        add_product_of_transposed_lower(dx, m0, dz, p);
        write_rows(args.dv, dx, rows, p);
    }
    __syncthreads();

    clear(dx);
    clear(db);
    clear(dk);
    if (second)
    {
        add_lower_product<true>(dx, m1, b, p);
        add_product_of_transposed_lower(db, m1, r, p);
    }
    else store_tile(m0, lower_of(dz, u, p, true), p);
    __syncthreads();
    if (second) store_tile(m1, lower_of(dy, v, p, false), p);
    else
    {
        add_lower_product<true>(dx, m0, b, p);
        add_product_of_transposed_lower(db, m0, a, p);
    }
    __syncthreads();
    if (second)
    {
        add_lower_product<true>(dx, m1, k, p);
        add_product_of_transposed_lower(dk, m1, r, p);
    }
    else store_tile(m0, lower_of(dz, v, p, true), p);
    __syncthreads();
    if (second) load_matrix<TEAM>(m1, args.s + matrix, thread - TEAM);
    else
    {
        add_lower_product<true>(dx, m0, k, p);
        add_product_of_transposed_lower(dk, m0, a, p);
    }
    __syncthreads();
#pragma unroll
    for (int i = 0; i < OWN; i++)
        m0[(column.row + i) * STRIDE + column.column] = args.d[matrix + (column.row + i) * SIZE + column.column] * end[column.column]; // E
    add_product(dx, second ? dy : dz, m1, p);
    __syncthreads();
    if (second) add_product(dk, v, m0, p);
    else add_product(db, u, m0, p);
    __syncthreads();

    // Each team has a half of dB and of dK: the first gets all of dB, the second all of dK.
    if (second) store_tile(m1, db, p);
    else store_tile(u, dk, p);
    __syncthreads();
    clear(c); // d ln P
    if (second)
    {
        add_tile(dk, u, p);
        write_scaled(args.dk, dk, log_p, rows, p, -1.0f, 0);
        write_scaled(args.dr, dx, log_p, rows, p, 1.0f, 0);
        add_pointwise(c, dk, k, p, -1.0f);
        add_pointwise(c, dx, r, p, 1.0f);
        store_tile(dy, c, p);
    }
    else
    {
        add_tile(db, m1, p);
        write_scaled(args.db, db, log_p, rows, p, -1.0f, 0);
        write_scaled(args.da, dx, log_p, rows, p, 1.0f, 1);
        add_pointwise(c, db, b, p, -1.0f);
        store_tile(dz, c, p);
        clear(c);
        add_pointwise(c, dx, a, p, 1.0f);
        store_tile(m0, c, p); // of the row before
    }
    __syncthreads();

    float slopes[Column<THREADS>::OWN], behind = 0.0f;
#pragma unroll
    for (int i = OWN - 1; i >= 0; i--)
    {
        const int row = column.row + i, at = row * STRIDE + column.column;
        slopes[i] = behind += dy[at] + dz[at] + (row + 1 < SIZE ? m0[at + STRIDE] : 0.0f);
    }
    sums[thread] = behind;
    __syncthreads();
    behind = 0.0f;
#pragma unroll
    for (int g = 0; g < GROUPS; g++)
        behind += (g * OWN > column.row ? sums[g * SIZE + column.column] : 0.0f) + ends[g * SIZE + column.column];
#pragma unroll
    for (int i = 0; i < OWN; i++)
        if (column.row + i < rows.count) args.dlog_w[rows.at(column.row + i, column.column)] = slopes[i] + behind;
}
