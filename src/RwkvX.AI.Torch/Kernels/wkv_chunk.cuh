// A chunk of 64 tokens of the recurrence, without the state S before it (docs/kernels/training.md):
//   W = (I − tril(Ã B̃ᵀ, −1))⁻¹ Ã, U₀ = the same inverse on tril(Ã K̃ᵀ, −1) V,
//   M = (I + Wᵀ B̃) diag(P), G = (U₀ᵀ B̃ + Vᵀ K̃) diag(P), Q = R̃ + tril(R̃ B̃ᵀ) W, Y₀ = tril(R̃ B̃ᵀ) U₀ + tril(R̃ K̃ᵀ) V;
// then S behind the chunk is S M + G, and Y = Y₀ + Q Sᵀ. Behind tiles.cuh.

// From the tiles Ã, B̃, K̃ and V, and P at the chunk's end by column: writes M and G, leaves W in a and U₀ in u. `triangle` is free before and after.
__device__ __forceinline__ void write_transition(float *a, const float *b, const float *k, const float *v, float *triangle, float *u, const float *decay, float *m, float *g, const Place p, int thread)
{
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
    for (int j = 0; j < 8; j++) end[j] = decay[p.column_at(j)];
    clear(c);
    add_product_of_transposed(c, a, b, p);
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
        for (int j = 0; j < 8; j++) c.at[i][j] = (c.at[i][j] + (p.row_at(i) == p.column_at(j) ? 1.0f : 0.0f)) * end[j];
    write_matrix(m, c, p);
    clear(c);
    add_product_of_transposed<true>(c, u, b, p); // where keys repeat, these two cancel
    add_product_of_transposed<true>(c, v, k, p);
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
        for (int j = 0; j < 8; j++) c.at[i][j] *= end[j];
    write_matrix(g, c, p);
    __syncthreads();
}

// Behind that, from R̃: writes Q and returns Y₀. b and k become triangles.
__device__ __forceinline__ Results write_query(const float *r, const float *a, float *b, float *k, const float *v, const float *u, float *q, const Place p)
{
    const Results rb = lower_of(r, b, p, false), rk = lower_of(r, k, p, false);
    __syncthreads();
    store_tile(b, rb, p);
    store_tile(k, rk, p);
    __syncthreads();
    Results c;
    clear(c);
    add_tile(c, r, p);
    add_lower_product(c, b, a, p);
    write_matrix(q, c, p);
    clear(c);
    add_lower_product<true>(c, b, u, p);
    add_lower_product<true>(c, k, v, p);
    return c;
}
