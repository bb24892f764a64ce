// At load: the scale of each row of a matrix that is to have 8 bits, max|w| / LARGEST. convert.cu divides by it.
// Launch: (rows) blocks of 256 threads.

#include "common.cuh"

#define THREADS 256

struct Args
{
    const void *from; // (rows, columns)
    float *scales;    // (rows)
    int columns;
    int type;         // of `from`: 0 f32, 1 bf16, 2 f16
};

extern "C" __global__ void __launch_bounds__(THREADS) row_scales(const __grid_constant__ Args a)
{
    __shared__ float reduce[THREADS / WARP];
    const long long row = (long long)blockIdx.x * a.columns;
    float largest = 0;
    for (int i = threadIdx.x; i < a.columns; i += THREADS) largest = fmaxf(largest, fabsf(stored_element(a.from, a.type, row + i)));
    largest = warp_max(largest);
    if (threadIdx.x % WARP == 0) reduce[threadIdx.x / WARP] = largest;
    __syncthreads();
    if (threadIdx.x >= WARP) return;
    largest = warp_max(threadIdx.x < THREADS / WARP ? reduce[threadIdx.x] : 0.0f);
    if (threadIdx.x == 0) a.scales[blockIdx.x] = largest / LARGEST;
}
