// Prefill: the mean key of every chunk that these rows complete, and the running sum of the one they leave open.
// Launch: (H, S) blocks of 512 threads: 16 bytes of a key a thread, AHEAD keys of a thread on their way at once, since each waits for its page's address.

#include "common.cuh"

#define THREADS 512
#define WARPS (THREADS / WARP)
#define LANES (N / VEC)        // lanes that cover a key
#define KEYS (THREADS / LANES) // keys at a time
#define AHEAD 8

struct Args
{
    const int *starts;                       // (S + 1)
    const unsigned long long *const *tables; // (S)
    const int *positions;                    // (S)
    float *const *states;                    // (S)
    long long sum_offset;
    int layer;
};

extern "C" __global__ void __launch_bounds__(THREADS, 1) rows_means(const __grid_constant__ Args a)
{
    __shared__ float sums[WARPS][N];
    const int head = blockIdx.x, segment = blockIdx.y, tid = threadIdx.x, part = tid % LANES * VEC;
    const int begin = a.positions[segment], end = begin + a.starts[segment + 1] - a.starts[segment];
    const unsigned long long *table = a.tables[segment];
    float *state = a.states[segment] + a.sum_offset + head * N + tid;
    for (int chunk = begin / CHUNK; chunk * CHUNK < end; chunk++)
    {
        const int from = max(begin, chunk * CHUNK), to = min(end, (chunk + 1) * CHUNK);
        float f[VEC] = {};
        for (int first = from + tid / LANES; first < to; first += AHEAD * KEYS)
        {
            uint4 words[AHEAD];
#pragma unroll
            for (int u = 0; u < AHEAD; u++)
            {
                const int t = min(first + u * KEYS, to - 1);
                words[u] = *(const uint4 *)(page_keys(table[t / PAGE], a.layer, head) + t % PAGE * N + part);
            }
#pragma unroll
            for (int u = 0; u < AHEAD; u++)
            {
                float key[VEC];
                widen_all(words[u], key);
#pragma unroll
                for (int j = 0; j < VEC; j++) f[j] += first + u * KEYS < to ? key[j] : 0.0f;
            }
        }
#pragma unroll
        for (int j = 0; j < VEC; j++)
        {
#pragma unroll
            for (int m = LANES; m < WARP; m <<= 1) f[j] += __shfl_xor_sync(FULL, f[j], m);
            if (tid % WARP < LANES) sums[tid / WARP][part + j] = f[j];
        }
        __syncthreads();
        if (tid < N)
        {
            float sum = from == begin ? *state : 0.0f;
#pragma unroll
            for (int w = 0; w < WARPS; w++) sum += sums[w][tid];
            const bool full = to == (chunk + 1) * CHUNK;
            if (full) page_mean(table[(chunk + 1) * PAGES_PER_CHUNK - 1], a.layer, head)[tid] = sum / CHUNK;
            *state = full ? 0.0f : sum;
        }
        __syncthreads();
    }
}
