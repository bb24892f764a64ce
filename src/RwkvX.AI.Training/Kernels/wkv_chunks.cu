// Training: of each chunk of the recurrence, all that does not depend on the state before it (wkv_chunk.cuh), W and U₀ too, which the backward pass needs.
// r, k, v, a, b: (B, T, H, 64); log_w the same, f32; y like it: Y₀. m, g, q, w, u: (B·H, chunks, 64, 64) f32; u: U₀.
// A token beyond T has w = 1 and zeros elsewhere. Launch: (chunks, B·H) blocks of a team, 6 tiles and 256 floats of shared memory: two a multiprocessor.

#include "wkv_tiles.cuh"
#include "wkv_chunk.cuh"

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
    write_transition(a, b, k, v, triangle, u, sums, args.m + matrix, args.g + matrix, p, thread);

    float *r = triangle;
    column.decays(args.log_w, rows, sums, log_p, own); // again: fewer registers held through all of the above
    column.load(r, args.r, rows, log_p, 1.0f);
    __syncthreads();
    write_rows(args.y, write_query(r, a, b, k, v, u, args.q + matrix, p), rows, p);
    Results c;
    clear(c);
    add_tile(c, a, p);
    write_matrix(args.w + matrix, c, p);
    clear(c);
    add_tile(c, u, p);
    write_matrix(args.u + matrix, c, p);
}
