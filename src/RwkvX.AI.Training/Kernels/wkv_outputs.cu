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
    add_rows(c, args.y, rows, p);
    add_product_with_transposed(c, q, s, p);
    write_rows(args.y, c, rows, p);
    clear(c);
    add(c, args.u + matrix, SIZE, p);
    add_product_with_transposed(c, w, s, p);
    write_matrix(args.u + matrix, c, p);
}
