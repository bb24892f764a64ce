// Training: what a chunk's outputs give the gradient of the state before it, dYᵀ Q; the reverse scan adds what comes through later states.
// dy: (B, T, H, 64) f32; q, ds: (B·H, chunks, 64, 64) f32. Launch: (chunks, B·H) blocks of a team, 2 tiles of shared memory.

#include "wkv_tiles.cuh"

struct Args
{
    const float *dy, *q;
    float *ds;
    int tokens;
    int heads;
};

extern "C" __global__ void __launch_bounds__(TEAM, 4) wkv_state_gradients(const __grid_constant__ Args args)
{
    DYNAMIC_SHARED(shared);
    float *dy = (float *)shared, *q = dy + TILE;
    const int thread = threadIdx.x;
    const Place p = place_of(thread);
    const Rows rows = rows_of(args.tokens, args.heads);
    const long long matrix = matrix_at();
    for (int e = thread * 4; e < SIZE * SIZE; e += TEAM * 4)
        *(float4 *)(dy + e / SIZE * STRIDE + e % SIZE) =
            e / SIZE < rows.count ? *(const float4 *)(args.dy + rows.at(e / SIZE, e % SIZE)) : make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    load_matrix<TEAM>(q, args.q + matrix, thread);
    __syncthreads();
    Results c;
    clear(c);
    add_product_of_transposed(c, dy, q, p);
    write_matrix(args.ds + matrix, c, p);
}
