// Prefill by chunks: of 64 rows of a head, all that does not depend on the state before them (wkv_chunk.cuh). Rows beyond a sequence's end have w = 1 and zeros elsewhere.
// Launch: (chunks of the longest sequence, H, S) blocks of a team, 6 tiles and 256 floats of shared memory: two a multiprocessor.

#include "wkv_span.cuh"
#include "wkv_chunk.cuh"

struct Args
{
    const float *records; // (rows, H, 6, 64): w, k, -κ, κ·a, r, v
    const int *starts;    // (S + 1)
    float *m, *g, *q;     // (places, H, 64, 64)
    float *y;             // (rows, C): Y₀
    int begin, end;       // the rows of this launch
};

#define OWN (SIZE * SIZE / TEAM) // rows of a thread's column
#define RECORD (H * 6 * SIZE)    // floats from a row's record to the next one's

// A thread's column of the chunk's operands: OWN rows of it.
struct Column
{
    const float *from; // the first row's w
    int row, column, count;

    __device__ __forceinline__ float at(int vector, int i, float beyond) const { return row + i < count ? from[(long long)i * RECORD + vector * SIZE] : beyond; }
    __device__ __forceinline__ float *place(float *tile, int i) const { return tile + (row + i) * STRIDE + column; }

    // What w is multiplied up to before the thread's rows; `products` are 256 floats. Two barriers.
    __device__ __forceinline__ float decay_before(float *products) const
    {
        float product = 1.0f, before = 1.0f;
#pragma unroll
        for (int i = 0; i < OWN; i++) product *= at(0, i, 1.0f);
        products[row / OWN * SIZE + column] = product;
        __syncthreads();
        for (int group = 0; group < row / OWN; group++) before *= products[group * SIZE + column];
        __syncthreads();
        return before;
    }
};

extern "C" __global__ void __launch_bounds__(TEAM, 2) rows_wkv_chunks(const __grid_constant__ Args args)
{
    DYNAMIC_SHARED(shared);
    float *a = (float *)shared, *b = a + TILE, *k = b + TILE, *v = k + TILE, *triangle = v + TILE, *u = triangle + TILE, *decays = u + TILE;
    const int thread = threadIdx.x, head = blockIdx.y;
    const Span span = span_of(args.starts, args.begin, args.end, blockIdx.z, blockIdx.x, head);
    if (span.count <= 0) return;
    const Place p = place_of(thread);
    Column own;
    own.row = thread / SIZE * OWN;
    own.column = thread % SIZE;
    own.count = span.count;
    own.from = args.records + (long long)(span.row + own.row) * RECORD + head * (6 * SIZE) + own.column;

    float decay = own.decay_before(decays);
#pragma unroll
    for (int i = 0; i < OWN; i++)
    {
        *own.place(a, i) = own.at(2, i, 0.0f) * decay;
        decay *= own.at(0, i, 1.0f);
        const float grown = 1.0f / decay; // at most 7e16: a decay is at least exp(-exp(-0.5))
        *own.place(b, i) = own.at(3, i, 0.0f) * grown;
        *own.place(k, i) = own.at(1, i, 0.0f) * grown;
        *own.place(v, i) = own.at(5, i, 0.0f);
    }
    if (own.row + OWN == SIZE) decays[own.column] = decay;
    __syncthreads();
    write_transition(a, b, k, v, triangle, u, decays, args.m + span.matrix, args.g + span.matrix, p, thread);

    float *r = triangle;
    decay = own.decay_before(decays); // again: fewer registers held through all of the above
#pragma unroll
    for (int i = 0; i < OWN; i++)
    {
        decay *= own.at(0, i, 1.0f);
        *own.place(r, i) = own.at(4, i, 0.0f) * decay;
    }
    __syncthreads();
    const Results y = write_query(r, a, b, k, v, u, args.q + span.matrix, p);
    store(args.y + (long long)span.row * C + head * SIZE, C, y, p, span.count);
}
