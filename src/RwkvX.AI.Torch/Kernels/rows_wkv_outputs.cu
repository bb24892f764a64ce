// Prefill by chunks: Y = Y₀ + Q Sᵀ, once the state S before each chunk is known. Launch: (chunks of the longest sequence, H, S) blocks of a team, 2 tiles of shared memory.

#include "wkv_span.cuh"

struct Args
{
    const float *q, *s; // (places, H, 64, 64)
    float *y;           // (rows, C): Y₀ before, Y after
    const int *starts;  // (S + 1)
    int begin, end;     // the rows of this launch
};

extern "C" __global__ void __launch_bounds__(TEAM, 3) rows_wkv_outputs(const __grid_constant__ Args a)
{
    DYNAMIC_SHARED(shared);
    float *q = (float *)shared, *s = q + TILE;
    const int thread = threadIdx.x, head = blockIdx.y;
    const Span span = span_of(a.starts, a.begin, a.end, blockIdx.z, blockIdx.x, head);
    if (span.count <= 0) return;
    const Place p = place_of(thread);
    load_matrix<TEAM>(q, a.q + span.matrix, thread);
    load_matrix<TEAM>(s, a.s + span.matrix, thread);
    __syncthreads();
    float *y = a.y + (long long)span.row * C + head * SIZE;
    Results c;
    clear(c);
    add(c, y, C, p, span.count);
    add_product_with_transposed(c, q, s, p);
    store(y, C, c, p, span.count);
}
