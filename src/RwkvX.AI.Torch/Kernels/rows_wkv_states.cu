// Prefill by chunks: the states between chunks, S M + G from the sequence's own, which ends as what is behind its last chunk. Rows of S do not depend on each other.
// Launch: (64 / ROWS, H, S) blocks of 64 threads, each of which has four columns of a row. Matrices stream through shared memory.

#include "wkv_span.cuh"
#include "wkv_state.cuh"

#define ROWS 4
#define THREADS (ROWS * QUADS)
#define QUADS (SIZE / 4)             // of a row
#define STAGES 4
#define STAGE (SIZE * QUADS + THREADS) // M, and the block's rows of G

struct Args
{
    const float *m, *g;    // (places, H, 64, 64)
    float *s;              // the same: the state before each chunk
    const int *starts;     // (S + 1)
    float *const *states;  // (S)
    long long state_offset; // of att_x_prev
    int begin, end;        // the rows of this launch
};

__device__ __forceinline__ void add_scaled(float4 &to, float f, const float4 v)
{
    to.x += f * v.x;
    to.y += f * v.y;
    to.z += f * v.z;
    to.w += f * v.w;
}

extern "C" __global__ void __launch_bounds__(THREADS) rows_wkv_states(const __grid_constant__ Args a)
{
    DYNAMIC_SHARED(ring);
    __shared__ float4 rows[2][ROWS][QUADS];
    const int thread = threadIdx.x, head = blockIdx.y, row = thread / QUADS, quad = thread % QUADS;
    const Span span = span_of(a.starts, a.begin, a.end, blockIdx.z, 0, head);
    if (span.count <= 0) return;
    const int chunks = (span.left + SIZE - 1) / SIZE;
    const long long own = span.matrix + blockIdx.x * (ROWS * SIZE) + thread * 4; // the thread's four of the first chunk's S and G
    auto fetch = [&](int chunk)
    {
        float4 *to = ring + chunk % STAGES * STAGE + thread;
        if (chunk < chunks)
        {
            const float *m = a.m + span.matrix + (long long)chunk * MATRIX_STEP + thread * 4;
#pragma unroll
            for (int i = 0; i < SIZE * QUADS; i += THREADS) copy_async(to + i, m + i * 4, true);
            copy_async(to + SIZE * QUADS, a.g + own + (long long)chunk * MATRIX_STEP, true);
        }
        copy_commit();
    };
#pragma unroll
    for (int chunk = 0; chunk < STAGES - 1; chunk++) fetch(chunk);

    state_quad *stored = (state_quad *)((state_element *)(a.states[blockIdx.z] + a.state_offset + 2 * C) + head * (SIZE * SIZE) + (blockIdx.x * ROWS + row) * SIZE) + quad;
    float4 state = widen_quad(*stored);
    for (int chunk = 0; chunk < chunks; chunk++)
    {
        const float4 *stage = ring + chunk % STAGES * STAGE;
        rows[chunk % 2][row][quad] = state;
        *(float4 *)(a.s + own + (long long)chunk * MATRIX_STEP) = state;
        copy_wait<STAGES - 2>();
        __syncthreads(); // this chunk's matrices and rows are there, and the chunk before is done with
        fetch(chunk + STAGES - 1);
        float4 even = stage[SIZE * QUADS + thread], odd = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
#pragma unroll 4
        for (int k = 0; k < QUADS; k++)
        {
            const float4 f = rows[chunk % 2][row][k], *m = stage + 4 * k * QUADS + quad;
            add_scaled(even, f.x, m[0]);
            add_scaled(odd, f.y, m[QUADS]);
            add_scaled(even, f.z, m[2 * QUADS]);
            add_scaled(odd, f.w, m[3 * QUADS]);
        }
        state = make_float4(even.x + odd.x, even.y + odd.y, even.z + odd.z, even.w + odd.w);
    }
    *stored = narrow_quad(state);
}
