// Training: the recurrence's outputs once the state S before each chunk is known: Y = Y₀ + Q Sᵀ, and U = U₀ + W Sᵀ for the backward pass.
// y: (B, T, H, 64) f32, Y₀ before and Y after; q, w, s, u: (B·H, chunks, 64, 64) f32, u U₀ before and U after.
// Launch: (chunks, B·H) blocks of a team, 3 tiles of shared memory.

#include "wkv_tiles.cuh"

struct Args
{
    const float *q, *w, *s;
    float *u, *y;
    int tokens;
    int heads;
};

extern "C" __global__ void __launch_bounds__(TEAM, 3) wkv_outputs(const __grid_constant__ Args args)
{
    DYNAMIC_SHARED(shared);
    float *q = (float *)shared, *w = q + TILE, *s = w + TILE;
    const int thread = threadIdx.x;
    const Place p = place_of(thread);
    const Rows rows = rows_of(args.tokens, args.heads);
    const long long matrix = matrix_at();
    load_matrix<TEAM>(q, args.q + matrix, thread);
    load_matrix<TEAM>(w, args.w + matrix, thread);
    load_matrix<TEAM>(s, args.s + matrix, thread);
    __syncthreads();
    Results c;
    clear(c);
    add_product_with_transposed(c, q, s, p);
#pragma unroll
    for (int i = 0; i < EACH; i++)
#pragma unroll
        for (int j = 0; j < 4; j++)
            if (p.row + i < rows.count) args.y[rows.at(p.row + i, p.far + 16 * j)] += c.at[i][j];
    clear(c);
    add_product_with_transposed(c, w, s, p);
#pragma unroll
    for (int i = 0; i < EACH; i++)
#pragma unroll
        for (int j = 0; j < 4; j++) args.u[matrix + (p.row + i) * SIZE + p.far + 16 * j] += c.at[i][j];
}
