// Prefill: a sequence's last h becomes its state's x_prev, once no row needs the old one. Launch: (S) blocks of 256 threads.

#include "common.cuh"

struct Args
{
    const float *last;     // (S, C)
    float *const *states;  // (S)
    long long prev_offset;
};

extern "C" __global__ void __launch_bounds__(256) rows_prev(const __grid_constant__ Args a)
{
    for (int c = threadIdx.x; c < C; c += 256) a.states[blockIdx.x][a.prev_offset + c] = a.last[(long long)blockIdx.x * C + c];
}
