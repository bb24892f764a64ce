// Training: of each chunk of the recurrence, all that does not depend on the state S before it (docs/kernels/training.md):
//   W = (I − tril(Ã B̃ᵀ, −1))⁻¹ Ã, U₀ = the same inverse on tril(Ã K̃ᵀ, −1) V,
//   M = (I + Wᵀ B̃) diag(P), G = (U₀ᵀ B̃ + Vᵀ K̃) diag(P), Q = R̃ + tril(R̃ B̃ᵀ) W, Y₀ = tril(R̃ B̃ᵀ) U₀ + tril(R̃ K̃ᵀ) V.
// r, k, v, a, b: (B, T, H, 64); log_w the same, f32; y like it: Y₀. m, g, q, w, u: (B·H, chunks, 64, 64) f32; u: U₀.
// A token beyond T has w = 1 and zeros elsewhere. Launch: (chunks, B·H) blocks of a team, 6 tiles and 256 floats of shared memory: two a multiprocessor.

#include "wkv_tiles.cuh"

struct Args
{
    const number *r;
    const float *log_w;
    const number *k, *v, *a, *b;
    float *m, *g, *q, *w, *u, *y;
    int tokens;
    int heads;
};

extern "C" __global__ void __launch_bounds__(TEAM, 2) wkv_chunks(const __grid_constant__ Args args)
{
    DYNAMIC_SHARED(shared);
    float *a = (float *)shared, *b = a + TILE, *k = b + TILE, *v = k + TILE, *triangle = v + TILE, *u = triangle + TILE, *sums = u + TILE;
    const int thread = threadIdx.x;
    const Place p = place_of(thread);
    const Rows rows = rows_of(args.tokens, args.heads);
    const Column<TEAM> column(thread);
    const long long matrix = matrix_at();
    float log_p[Column<TEAM>::OWN], own[Column<TEAM>::OWN];

    column.decays(args.log_w, rows, sums, log_p, own);
    column.load_a(a, args.a, rows, log_p, own);
    column.load(b, args.b, rows, log_p, -1.0f);
    column.load(k, args.k, rows, log_p, -1.0f);
    column.load(v, args.v, rows, log_p, 0.0f);
    if (column.row + Column<TEAM>::OWN == SIZE) sums[column.column] = expf(log_p[Column<TEAM>::OWN - 1]); // P at the chunk's end
    __syncthreads();

    store_tile(triangle, lower_of(a, b, p, true), p);
    store_tile(u, lower_of(a, k, p, true), p);
    __syncthreads();
    Results c;
    clear(c);
    add_lower_product(c, u, v, p);
    __syncthreads();
    store_tile(u, c, p);
    __syncthreads();
    if (thread < 2 * SIZE) solve_column<1>(triangle, (thread < SIZE ? a : u) + thread % SIZE); // a becomes W
    __syncthreads();

    float end[8];
#pragma unroll
    for (int j = 0; j < 8; j++) end[j] = sums[p.column_at(j)];
    clear(c);
    add_product_of_transposed(c, a, b, p);
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
        for (int j = 0; j < 8; j++) c.at[i][j] = (c.at[i][j] + (p.row_at(i) == p.column_at(j) ? 1.0f : 0.0f)) * end[j];
    write_matrix(args.m + matrix, c, p);
    clear(c);
    add_product_of_transposed<true>(c, u, b, p); // where keys repeat, these two cancel
    add_product_of_transposed<true>(c, v, k, p);
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
        for (int j = 0; j < 8; j++) c.at[i][j] *= end[j];
    write_matrix(args.g + matrix, c, p);
    __syncthreads();

    float *r = triangle;
    column.decays(args.log_w, rows, sums, log_p, own); // again: fewer registers held through all of the above
    column.load(r, args.r, rows, log_p, 1.0f);
    __syncthreads();
    const Results rb = lower_of(r, b, p, false), rk = lower_of(r, k, p, false);
    __syncthreads();
    store_tile(b, rb, p);
    store_tile(k, rk, p);
    __syncthreads();

    clear(c);
    add_tile(c, r, p);
    add_lower_product(c, b, a, p);
    write_matrix(args.q + matrix, c, p);
    clear(c);
    add_tile(c, a, p);
    write_matrix(args.w + matrix, c, p);
    clear(c);
    add_tile(c, u, p);
    write_matrix(args.u + matrix, c, p);
    clear(c);
    add_lower_product<true>(c, b, u, p);
    add_lower_product<true>(c, k, v, p);
    write_rows(args.y, c, rows, p);
}
