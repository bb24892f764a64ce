// Prefill: keys and values of the rows go to their pages. Launch: (T) blocks of 256 threads.

#include "common.cuh"

struct Args
{
    const float *qkv;                        // (T, 3C)
    const int *segments;                     // (T)
    const int *starts;                       // (S + 1)
    const unsigned long long *const *tables; // (S)
    const int *positions;                    // (S) tokens before the sequence's first row
    int layer;
};

extern "C" __global__ void __launch_bounds__(256) rows_pages(const __grid_constant__ Args a)
{
    const long long t = blockIdx.x;
    const int segment = a.segments[t], position = a.positions[segment] + (int)t - a.starts[segment];
    const unsigned long long page = a.tables[segment][position / PAGE];
    for (int c = threadIdx.x; c < C; c += 256)
    {
        const int at = position % PAGE * N + c % N;
        page_keys(page, a.layer, c / N)[at] = narrow(a.qkv[t * (3 * C) + C + c]);
        page_values(page, a.layer, c / N)[at] = narrow(a.qkv[t * (3 * C) + 2 * C + c]);
    }
}
