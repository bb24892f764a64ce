// Prefill: the mean key of every chunk that these rows complete, and the running sum of the one they leave open.
// Launch: (H, S) blocks of 512 threads: 8 tokens at a time of 64 channels.

#include "common.cuh"

#define THREADS 512
#define GROUPS (THREADS / N)

struct Args
{
    const int *starts;                       // (S + 1)
    const unsigned long long *const *tables; // (S)
    const int *positions;                    // (S)
    float *const *states;                    // (S)
    long long sum_offset;
    int layer;
};

extern "C" __global__ void __launch_bounds__(THREADS) rows_means(const __grid_constant__ Args a)
{
    __shared__ float sums[GROUPS][N];
    const int head = blockIdx.x, segment = blockIdx.y, group = threadIdx.x / N, n = threadIdx.x % N;
    const int begin = a.positions[segment], end = begin + a.starts[segment + 1] - a.starts[segment];
    const unsigned long long *table = a.tables[segment];
    float *state = a.states[segment] + a.sum_offset + head * N + n;
    for (int chunk = begin / CHUNK; chunk * CHUNK < end; chunk++)
    {
        const int from = max(begin, chunk * CHUNK), to = min(end, (chunk + 1) * CHUNK);
        float f = group == 0 && from == begin ? *state : 0.0f;
#pragma unroll 4
        for (int t = from + group; t < to; t += GROUPS)
            f += widen(page_keys(table[t / PAGE], a.layer, head)[t % PAGE * N + n]);
        sums[group][n] = f;
        __syncthreads();
        if (group == 0)
        {
#pragma unroll
            for (int g = 1; g < GROUPS; g++) f += sums[g][n];
            const bool full = to == (chunk + 1) * CHUNK;
            if (full) page_mean(table[(chunk + 1) * PAGES_PER_CHUNK - 1], a.layer, head)[n] = f / CHUNK;
            *state = full ? 0.0f : f;
        }
        __syncthreads();
    }
}
