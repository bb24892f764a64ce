// Prefill by chunks: which rows and matrices are a block's. A launch has rows `begin` to `end` of all sequences; a sequence's part of them is divided from its first row on.

#ifndef CUDA_ON_HOST
#include "common.cuh"
#endif
#define EXACT_INPUTS (WEIGHT == 0)
#include "tiles.cuh"

struct Span
{
    int row;          // the chunk's first row, counted from `begin`
    int left;         // rows of the sequence from there on; none where the sequence has no such chunk
    int count;        // rows of the chunk
    long long matrix; // element where the chunk's matrices begin, (places, H, 64, 64): no two sequences share a place
};

#define MATRIX_STEP (H * SIZE * SIZE) // elements from a chunk's matrix to the next one's

__device__ __forceinline__ Span span_of(const int *starts, int begin, int end, int sequence, int chunk, int head)
{
    const int first = max(starts[sequence], begin) - begin, last = min(starts[sequence + 1], end) - begin;
    Span s;
    s.row = first + chunk * SIZE;
    s.left = last - s.row;
    s.count = min(s.left, SIZE);
    s.matrix = ((long long)(first / SIZE + sequence + chunk) * H + head) * (SIZE * SIZE);
    return s;
}
