// Training: the squares of all gradients, summed by piece of PIECE elements in double precision and in a fixed order.
// Launch: a block of 256 threads a piece; arguments as in adamw.cu.

#include "adamw.cuh"

struct Args
{
    const long long *entries;
    const long long *gradients;
    const int *pieces;
    double *sums; // (pieces)
};

extern "C" __global__ void __launch_bounds__(THREADS) adamw_norm(const __grid_constant__ Args a)
{
    __shared__ double sums[THREADS];
    const Piece piece = piece_of_block(a.entries, a.pieces);
    const int thread = threadIdx.x;
    const float *gradient = (const float *)a.gradients[piece.parameter];
    double sum = 0.0;
    if (gradient)
        for (long long i = piece.first + thread; i < piece.end; i += THREADS) sum += (double)gradient[i] * gradient[i];
    sums[thread] = sum;
    __syncthreads();
    for (int half = THREADS / 2; half > 0; half /= 2)
    {
        if (thread < half) sums[thread] += sums[thread + half];
        __syncthreads();
    }
    if (thread == 0) a.sums[blockIdx.x] = sums[0];
}
