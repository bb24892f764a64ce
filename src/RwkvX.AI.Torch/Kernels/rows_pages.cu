// Prefill: keys and values of the rows go to their pages, 16 bytes a thread. Launch: (T) blocks of 256 threads.

#include "common.cuh"

#define PIECES (C / VEC) // of a row of keys

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
    for (int i = threadIdx.x; i < 2 * PIECES; i += 256)
    {
        const int c = i % PIECES * VEC;
        const float4 *from = (const float4 *)(a.qkv + t * (3 * C) + C + i * VEC); // keys, then values
        weight *to = (i < PIECES ? page_keys(page, a.layer, c / N) : page_values(page, a.layer, c / N)) + position % PAGE * N + c % N;
#if WEIGHT == 0
        *(float4 *)to = *from;
#else
        const float4 f = from[0], g = from[1];
        *(uint4 *)to = make_uint4(narrow_pair(f.x, f.y), narrow_pair(f.z, f.w), narrow_pair(g.x, g.y), narrow_pair(g.z, g.w));
#endif
    }
}
