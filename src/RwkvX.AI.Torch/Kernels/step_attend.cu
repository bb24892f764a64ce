// Decode: attention of one query over the pages of its own chunk and of the chosen chunks. See docs/kernels/cuda-moba.md.
//
// Launch: (TOPK * PAGES_PER_CHUNK, H, B) blocks of 128 threads, one page each; the last block of a head joins the parts in order.
// The number of blocks is fixed, whatever the context: cost does not grow with it. Blocks without a page only report their arrival.

#include "common.cuh"

#define THREADS 128
#define WARPS (THREADS / WARP)
#define PARTS (TOPK * PAGES_PER_CHUNK)
#define LANES (N / VEC)        // lanes that cover a key
#define KEYS (WARP / LANES)    // keys in one warp access
#define PAST (TOPK - 1)

struct Args
{
    const float *q;                      // (B, stride)
    int stride;
    const unsigned long long *const *tables;
    const int *positions;                // (B) position of the query
    const int *chosen;                   // (B, H, PAST)
    int layer;
    float *partials;                     // (B, H, PARTS, 66): o (64), maximum, sum
    unsigned *arrivals;                  // (B, H), zero between launches
    float *out;                          // (B, C), or null
    weight *narrowed;                    // (B, C), or null: the same for a matrix product
};

extern "C" __global__ void __launch_bounds__(THREADS) step_attend(const __grid_constant__ Args a)
{
    __shared__ float scores[PAGE];
    __shared__ float reduce[WARPS];
    __shared__ float sums[WARPS][N];
    __shared__ bool last;

    const int part = blockIdx.x, head = blockIdx.y, b = blockIdx.z, tid = threadIdx.x, warp = tid / WARP, lane = tid % WARP;
    let_next_start();
    wait_for_previous();
    const int position = a.positions[b], own = position / CHUNK;
    const int which = part / PAGES_PER_CHUNK, sub = part % PAGES_PER_CHUNK;
    const int chunk = which == 0 ? own : a.chosen[(b * H + head) * PAST + which - 1];
    const int keys = chunk < 0 ? 0 : min(PAGE, (chunk == own ? position % CHUNK + 1 : CHUNK) - sub * PAGE);
    float *partial = a.partials + ((long long)(b * H + head) * PARTS + part) * (N + 2);

    if (keys > 0)
    {
        const unsigned long long page = a.tables[b][chunk * PAGES_PER_CHUNK + sub];
        const weight *K = page_keys(page, a.layer, head) + lane % LANES * VEC;
        const weight *values = page_values(page, a.layer, head) + lane % LANES * VEC;
        float q[VEC];
#pragma unroll
        for (int j = 0; j < VEC; j++) q[j] = a.q[b * a.stride + head * N + lane % LANES * VEC + j] * 0.125f; // 1 / sqrt(64)
        // The values are wanted only after the softmax: bring them as far as the L2 meanwhile.
        const char *values_end = (const char *)(page_values(page, a.layer, head) + keys * N);
        for (const char *p = (const char *)page_values(page, a.layer, head) + tid * 128; p < values_end; p += THREADS * 128)
            asm volatile("prefetch.global.L2 [%0];" ::"l"(p));
        float top = -INFINITY;
#pragma unroll 8
        for (int base = 0; base < PAGE; base += WARPS * KEYS)
        {
            const int key = base + warp * KEYS + lane / LANES;
            float k[VEC], dot = 0;
            widen_all(key < keys ? *(const uint4 *)(K + key * N) : make_uint4(0, 0, 0, 0), k);
#pragma unroll
            for (int j = 0; j < VEC; j++) dot = fmaf(q[j], k[j], dot);
#pragma unroll
            for (int m = LANES / 2; m > 0; m >>= 1) dot += __shfl_xor_sync(FULL, dot, m);
            if (key < keys)
            {
                top = fmaxf(top, dot);
                if (lane % LANES == 0) scores[key] = dot;
            }
        }
        top = warp_max(top);
        if (lane == 0) reduce[warp] = top;
        __syncthreads();
        top = reduce[0];
#pragma unroll
        for (int w = 1; w < WARPS; w++) top = fmaxf(top, reduce[w]);
        __syncthreads();
        float sum = 0;
        for (int key = tid; key < keys; key += THREADS)
        {
            const float p = __expf(scores[key] - top);
            scores[key] = p;
            sum += p;
        }
        sum = block_sum<THREADS>(sum, reduce);
        float o[VEC] = {};
#pragma unroll 8
        for (int base = 0; base < PAGE; base += WARPS * KEYS)
        {
            const int key = base + warp * KEYS + lane / LANES;
            float v[VEC];
            widen_all(key < keys ? *(const uint4 *)(values + key * N) : make_uint4(0, 0, 0, 0), v);
            const float p = key < keys ? scores[key] : 0.0f;
#pragma unroll
            for (int j = 0; j < VEC; j++) o[j] = fmaf(p, v[j], o[j]);
        }
#pragma unroll
        for (int j = 0; j < VEC; j++)
        {
#pragma unroll
            for (int m = LANES; m < WARP; m <<= 1) o[j] += __shfl_xor_sync(FULL, o[j], m);
            if (lane < LANES) sums[warp][lane * VEC + j] = o[j];
        }
        __syncthreads();
        if (tid < N)
        {
            float f = 0;
#pragma unroll
            for (int w = 0; w < WARPS; w++) f += sums[w][tid];
            partial[tid] = f;
        }
        if (tid == 0) { partial[N] = top; partial[N + 1] = sum; }
    }
    else if (tid == 0)
        partial[N] = -INFINITY;

    __threadfence();
    __syncthreads();
    if (tid == 0)
    {
        unsigned *arrivals = a.arrivals + b * H + head;
        last = atomicAdd(arrivals, 1u) == PARTS - 1;
        if (last) *arrivals = 0;
    }
    __syncthreads();
    if (!last) return;
    __threadfence();
    const float *all = a.partials + (long long)(b * H + head) * PARTS * (N + 2);
    float top = -INFINITY;
    for (int p = 0; p < PARTS; p++) top = fmaxf(top, __ldcg(all + p * (N + 2) + N));
    if (tid < N)
    {
        float o = 0, sum = 0;
        for (int p = 0; p < PARTS; p++)
        {
            const float m = __ldcg(all + p * (N + 2) + N);
            if (m == -INFINITY) continue;
            const float scale = __expf(m - top);
            o = fmaf(scale, __ldcg(all + p * (N + 2) + tid), o);
            sum = fmaf(scale, __ldcg(all + p * (N + 2) + N + 1), sum);
        }
        const int at = b * C + head * N + tid;
        if (a.out != nullptr) a.out[at] = o / sum;
        if (a.narrowed != nullptr) a.narrowed[at] = narrow(o / sum);
    }
}
