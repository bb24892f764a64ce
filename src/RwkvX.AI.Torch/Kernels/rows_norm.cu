// Prefill: LayerNorm of each row, token shift, and up to six mixes: out_i = h + (h' - h) * mix_i, in the type of the matrix products.
// h' is the row before in the same sequence, or the state's x_prev for a sequence's first row.
// A block has up to seven rows: a warp a row for mean and variance, one for the row before the first; then a thread goes down the rows with the norm's
// vectors and the mixes of two channels in registers, so that these are read once a block and a row's h is the next one's h'.
// Launch: (ceil(T / per)) blocks of 256 threads. The h of a sequence's last row goes to `last` for rows_prev.

#include "common.cuh"

#define THREADS 256
#define MOST (THREADS / WARP - 1)

struct Args
{
    const float *x;            // (T, C)
    const float *norm_weight;  // (C)
    const float *norm_bias;    // (C)
    const int *rows;           // (T) rows of x to take, or null: all
    const int *segments;       // (T) sequence of each row
    const int *starts;         // (S + 1) first row of each sequence
    float *const *states;      // (S), or null: no token shift
    long long prev_offset;
    const float *mix[6];       // (C)
    weight *out[6];            // (T, C)
    int count;
    float *last;               // (S, C)
    int total;                 // T
    int per;                   // rows of a block, at most MOST
};

__device__ __forceinline__ void store(weight *to, float2 f)
{
#if WEIGHT == 0
    *(float2 *)to = f;
#else
    *(unsigned *)to = narrow_pair(f.x, f.y);
#endif
}

// What a row's h is made with: (x - mean) * scale. A warp a row; the second look at the row finds it in the L1.
__device__ __forceinline__ float2 row_norm(const float4 *x, int lane)
{
    float sum = 0, square = 0;
#pragma unroll 10
    for (int e = lane; e < C / 4; e += WARP)
    {
        const float4 f = x[e];
        sum += f.x + f.y + (f.z + f.w);
    }
    const float mean = warp_sum(sum) / C;
#pragma unroll 10
    for (int e = lane; e < C / 4; e += WARP)
    {
        const float4 f = x[e];
        square += (f.x - mean) * (f.x - mean) + (f.y - mean) * (f.y - mean) + ((f.z - mean) * (f.z - mean) + (f.w - mean) * (f.w - mean));
    }
    return make_float2(mean, rsqrtf(warp_sum(square) / C + 1e-5f));
}

__device__ __forceinline__ float2 normed(float2 x, float2 norm, float2 w, float2 b)
{
    return make_float2((x.x - norm.x) * norm.y * w.x + b.x, (x.y - norm.x) * norm.y * w.y + b.y);
}

extern "C" __global__ void __launch_bounds__(THREADS) rows_norm(const __grid_constant__ Args a)
{
    __shared__ float2 norms[MOST + 1];        // of the rows, then of the one before the first
    __shared__ const float2 *previous[MOST];  // the state's x_prev, for a sequence's first row
    __shared__ float2 *last[MOST];            // where h goes, for a sequence's last row
    const int warp = threadIdx.x / WARP, lane = threadIdx.x % WARP, first = blockIdx.x * a.per, count = min(a.per, a.total - first);
    const bool shift = a.states != nullptr, before = shift && a.starts[a.segments[first]] < first;
    auto row = [&](int r) { return (const float2 *)(a.x + (a.rows != nullptr ? a.rows[first + r] : first + r) * (long long)C); };
    if (warp < count || (warp == count && before))
    {
        const int r = warp < count ? warp : -1;
        const float2 norm = row_norm((const float4 *)row(r), lane);
        if (lane == 0)
        {
            norms[warp] = norm;
            if (r >= 0)
            {
                const int t = first + r, segment = shift ? a.segments[t] : 0;
                previous[r] = shift && a.starts[segment] == t ? (const float2 *)(a.states[segment] + a.prev_offset) : nullptr;
                last[r] = shift && a.starts[segment + 1] == t + 1 ? (float2 *)(a.last + (long long)segment * C) : nullptr;
            }
        }
    }
    __syncthreads();
    for (int e = threadIdx.x; e < C / 2; e += THREADS)
    {
        const float2 w = ((const float2 *)a.norm_weight)[e], b = ((const float2 *)a.norm_bias)[e];
        float2 mix[6], then = before ? normed(row(-1)[e], norms[count], w, b) : make_float2(0, 0);
#pragma unroll
        for (int m = 0; m < 6; m++) mix[m] = shift && m < a.count ? ((const float2 *)a.mix[m])[e] : make_float2(0, 0);
#pragma unroll
        for (int r = 0; r < MOST; r++)
        {
            if (r >= count) break;
            const float2 now = normed(row(r)[e], norms[r], w, b);
            float2 delta = make_float2(0, 0);
            if (shift)
            {
                if (previous[r] != nullptr) then = previous[r][e];
                delta = make_float2(then.x - now.x, then.y - now.y);
                if (last[r] != nullptr) last[r][e] = now;
                then = now;
            }
#pragma unroll
            for (int m = 0; m < 6; m++)
            {
                if (m >= a.count) break;
                store(a.out[m] + (long long)(first + r) * C + 2 * e, make_float2(now.x + delta.x * mix[m].x, now.y + delta.y * mix[m].y));
            }
        }
    }
}
