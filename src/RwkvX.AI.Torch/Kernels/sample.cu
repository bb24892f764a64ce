// The next token of each sequence from its logits, as Generation/Sampler.cs chooses it. See docs/kernels/cuda-sample.md.
//
// Bans and penalties, then the highest logit (temperature 0), or weights exp((x - highest) / T), top-k, min-p, top-p and one draw.
// Sums of weights are integers (units of 2^-44), so that no order of additions changes them.
// Launch: one block of 1,024 threads a sequence.

#include "common.cuh"

#define THREADS 1024
#define WARPS (THREADS / WARP)
#define DIGIT 10                         // bits of a key that one pass decides: as many values as threads
#define ID_BITS 20
#define KEY_BITS (30 + ID_BITS)          // weights are at most 1, so the two upper bits of their inverted form are always set
#define BROKEN -1                        // a logit is NaN or +infinity
#define NOTHING_LEFT -2                  // no logit is above -infinity
#define ALL_KEYS 0xffffffffffffffffull

typedef unsigned long long u64;

struct Request
{
    double draw;                // in [0, 1)
    float temperature, top_p, min_p, presence, frequency, repetition;
    int top_k;
    int banned, banned_count;   // a range of `ids`
    int seen, seen_count;       // a range of `ids` and `counts`
    int row;                    // of `logits`
};

struct Args
{
    float *logits;              // (rows, V), overwritten
    const Request *requests;    // (S)
    const int *ids;
    const float *counts;        // how often each token of a range of `ids` was chosen, faded
    u64 *candidates;            // (S, V)
    int *chosen;                // (S) tokens, or BROKEN or NOTHING_LEFT
};

struct Scratch
{
    u64 sums[WARPS];
    float highest[WARPS];
    int index[WARPS];
    unsigned count[THREADS], low[THREADS], high[THREADS]; // a histogram of one digit: candidates, and their weight in two words
    u64 found;                  // the digit, and what lies before it
    u64 before;
    int candidates;
};

__device__ __forceinline__ u64 mass(float weight) { return (u64)((double)weight * 17592186044416.0); } // 2^44

// Ascending keys: the largest weight first, then the lowest id.
__device__ __forceinline__ u64 key_of(float weight, int id) { return (u64)(~__float_as_uint(weight) & 0x3fffffffu) << ID_BITS | (unsigned)id; }
__device__ __forceinline__ float weight_of(u64 key) { return __uint_as_float(~(unsigned)(key >> ID_BITS) & 0x3fffffffu); }

__device__ __forceinline__ u64 block_total(u64 value, Scratch &s)
{
#pragma unroll
    for (int m = 16; m > 0; m >>= 1) value += __shfl_xor_sync(FULL, value, m);
    if (threadIdx.x % WARP == 0) s.sums[threadIdx.x / WARP] = value;
    __syncthreads();
    u64 total = 0;
    for (int i = 0; i < WARPS; i++) total += s.sums[i];
    __syncthreads();
    return total;
}

// The highest value and the first place of it.
__device__ __forceinline__ float block_highest(float value, int &index, Scratch &s)
{
#pragma unroll
    for (int m = 16; m > 0; m >>= 1)
    {
        const float other = __shfl_xor_sync(FULL, value, m);
        const int at = __shfl_xor_sync(FULL, index, m);
        if (other > value || (other == value && at < index)) { value = other; index = at; }
    }
    if (threadIdx.x % WARP == 0) { s.highest[threadIdx.x / WARP] = value; s.index[threadIdx.x / WARP] = index; }
    __syncthreads();
    value = s.highest[0];
    index = s.index[0];
    for (int i = 1; i < WARPS; i++)
        if (s.highest[i] > value || (s.highest[i] == value && s.index[i] < index)) { value = s.highest[i]; index = s.index[i]; }
    __syncthreads();
    return value;
}

__device__ __forceinline__ float highest_of(const float *x, int &index, Scratch &s)
{
    float high = -INFINITY;
    index = V;
    for (int i = threadIdx.x; i < V; i += THREADS)
        if (x[i] > high) { high = x[i]; index = i; }
    return block_highest(high, index, s);
}

// Sum of the values of all threads up to and with this one.
__device__ __forceinline__ u64 block_scan(u64 value, Scratch &s)
{
    const int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
#pragma unroll
    for (int m = 1; m < WARP; m <<= 1)
    {
        const u64 other = __shfl_up_sync(FULL, value, m);
        if (lane >= m) value += other;
    }
    if (lane == WARP - 1) s.sums[warp] = value;
    __syncthreads();
    for (int i = 0; i < warp; i++) value += s.sums[i];
    __syncthreads();
    return value;
}

// In the order of keys up to `limit`, the first candidate at which the running total passes `target`; the last one where none does.
// The total counts candidates, or adds up their mass. `reached` becomes the total with the candidate found.
__device__ u64 find(const u64 *list, int count, u64 limit, bool by_mass, u64 target, u64 &reached, Scratch &s)
{
    const int tid = threadIdx.x;
    u64 prefix = 0, before = 0, total = 0;
    for (int shift = KEY_BITS - DIGIT; shift >= 0; shift -= DIGIT)
    {
        s.count[tid] = s.low[tid] = s.high[tid] = 0;
        __syncthreads();
        for (int i = tid; i < count; i += THREADS)
        {
            const u64 key = list[i];
            if (key > limit || key >> shift >> DIGIT != prefix) continue;
            const int digit = (int)(key >> shift) & (THREADS - 1);
            atomicAdd(&s.count[digit], 1u);
            if (!by_mass) continue;
            const u64 m = mass(weight_of(key));
            const unsigned low = (unsigned)m, old = atomicAdd(&s.low[digit], low);
            atomicAdd(&s.high[digit], (unsigned)(m >> 32) + (old + low < old ? 1u : 0u));
        }
        __syncthreads();
        const u64 own = by_mass ? (u64)s.high[tid] << 32 | s.low[tid] : s.count[tid];
        const u64 with = before + block_scan(own, s);
        // The first digit that passes the target, or else the last that is there: the largest of the candidates' numbers below.
        const bool there = s.count[tid] != 0, passes = there && with > target && with - own <= target;
        u64 place = there ? (u64)tid + 1 : 0;
        if (passes) place += THREADS;
#pragma unroll
        for (int m = 16; m > 0; m >>= 1)
        {
            const u64 other = __shfl_xor_sync(FULL, place, m);
            place = place > other ? place : other;
        }
        if (tid % WARP == 0) s.sums[tid / WARP] = place;
        __syncthreads();
        for (int i = 0; i < WARPS; i++) place = place > s.sums[i] ? place : s.sums[i];
        const int digit = (int)((place - 1) % THREADS);
        if (tid == digit) { s.before = with - own; s.found = with; }
        __syncthreads();
        before = s.before;
        total = s.found;
        prefix = prefix << DIGIT | (u64)digit;
        __syncthreads();
    }
    reached = total;
    return prefix;
}

// Top-k, min-p, top-p and the draw need the order of the most probable tokens only.
__device__ int draw_ranked(const float *w, const Request &q, u64 *list, Scratch &s)
{
    const int tid = threadIdx.x;
    u64 all = 0;
    for (int i = tid; i < V; i += THREADS) all += q.top_k > 0 || w[i] >= q.min_p ? mass(w[i]) : 0;
    all = block_total(all, s);

    // A falling threshold, until enough tokens or enough mass are above it.
    float threshold = 1.0f / 16;
    for (;; threshold /= 16)
    {
        if (threshold < 1e-30f) threshold = __uint_as_float(1); // every token that can come
        u64 sum = 0, count = 0;
        for (int i = tid; i < V; i += THREADS)
            if (w[i] >= threshold) { count++; sum += mass(w[i]); }
        count = block_total(count, s);
        sum = block_total(sum, s);
        const bool enough = q.top_k > 0 ? count >= (u64)q.top_k : (double)sum >= (double)q.top_p * (double)all;
        if (enough || threshold <= q.min_p || __float_as_uint(threshold) == 1) break;
    }
    if (tid == 0) s.candidates = 0;
    __syncthreads();
    for (int i = tid; i < V; i += THREADS)
        if (w[i] >= threshold) list[atomicAdd(&s.candidates, 1)] = key_of(w[i], i);
    __syncthreads();
    const int count = s.candidates;

    u64 limit = q.min_p > 0 ? key_of(q.min_p, (1 << ID_BITS) - 1) : ALL_KEYS, reached;
    if (q.top_k > 0 && count > q.top_k)
    {
        const u64 last = find(list, count, ALL_KEYS, false, (u64)q.top_k - 1, reached, s);
        limit = limit < last ? limit : last;
    }
    u64 kept = 0;
    for (int i = tid; i < count; i += THREADS) kept += list[i] <= limit ? mass(weight_of(list[i])) : 0;
    kept = block_total(kept, s);
    if (q.top_p < 1)
    {
        const double wanted = ceil((double)q.top_p * (double)(q.top_k > 0 ? kept : all));
        limit = find(list, count, limit, true, wanted < 1 ? 0 : (u64)wanted - 1, kept, s);
    }
    const u64 token = find(list, count, limit, true, (u64)(q.draw * (double)kept), reached, s);
    return (int)(token & ((1 << ID_BITS) - 1));
}

// Without an order: the first token at which the running sum over all tokens passes the draw.
__device__ int draw_unranked(const float *w, const Request &q, Scratch &s)
{
    constexpr int PER = (V + THREADS - 1) / THREADS * WARP; // tokens of a warp
    const int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, first = warp * PER, end = min(first + PER, V);
    u64 own = 0;
    for (int i = first + lane; i < end; i += WARP) own += w[i] >= q.min_p ? mass(w[i]) : 0;
#pragma unroll
    for (int m = 16; m > 0; m >>= 1) own += __shfl_xor_sync(FULL, own, m);
    if (lane == 0) s.sums[warp] = own;
    if (threadIdx.x == 0) s.candidates = -1;
    __syncthreads();
    u64 total = 0, before = 0;
    for (int i = 0; i < WARPS; i++)
    {
        if (i < warp) before += s.sums[i];
        total += s.sums[i];
    }
    const u64 target = (u64)(q.draw * (double)total);
    if (before <= target && target < before + own)
    {
        for (int base = first; base < end; base += WARP)
        {
            const int i = base + lane;
            const u64 m = i < end && w[i] >= q.min_p ? mass(w[i]) : 0;
            u64 sum = m;
#pragma unroll
            for (int d = 1; d < WARP; d <<= 1)
            {
                const u64 other = __shfl_up_sync(FULL, sum, d);
                if (lane >= d) sum += other;
            }
            const unsigned passed = __ballot_sync(FULL, before + sum > target);
            if (passed != 0)
            {
                if (lane == 0) s.candidates = base + __ffs(passed) - 1;
                break;
            }
            before += __shfl_sync(FULL, sum, WARP - 1);
        }
    }
    __syncthreads();
    return s.candidates;
}

extern "C" __global__ void __launch_bounds__(THREADS, 1) sample(const __grid_constant__ Args a)
{
    __shared__ Scratch s;
    const int tid = threadIdx.x;
    const Request q = a.requests[blockIdx.x];
    float *x = a.logits + (long long)q.row * V;

    bool broken = false;
    float high = -INFINITY;
    int first = V;
    for (int i = tid; i < V; i += THREADS)
    {
        const float f = x[i];
        broken |= !(f < INFINITY);
        if (f > high) { high = f; first = i; }
    }
    if (__syncthreads_or(broken))
    {
        if (tid == 0) a.chosen[blockIdx.x] = BROKEN;
        return;
    }
    if (q.banned_count + q.seen_count == 0)
        high = block_highest(high, first, s);
    else
    {
        for (int i = tid; i < q.banned_count; i += THREADS) x[a.ids[q.banned + i]] = -INFINITY;
        __syncthreads();
        for (int i = tid; i < q.seen_count; i += THREADS)
        {
            const int id = a.ids[q.seen + i];
            const float f = x[id], scaled = f > 0 ? __fdiv_rn(f, q.repetition) : __fmul_rn(f, q.repetition);
            x[id] = __fsub_rn(__fsub_rn(scaled, q.presence), __fmul_rn(q.frequency, a.counts[q.seen + i]));
        }
        __syncthreads();
        high = highest_of(x, first, s);
    }
    if (high == -INFINITY)
    {
        if (tid == 0) a.chosen[blockIdx.x] = NOTHING_LEFT;
        return;
    }

    int token = first;
    if (q.temperature != 0)
    {
        // In double precision and rounded once: the ranking must not depend on how an approximation of exp rounds.
        for (int i = tid; i < V; i += THREADS) x[i] = (float)exp((double)__fdiv_rn(__fsub_rn(x[i], high), q.temperature));
        __syncthreads();
        token = q.top_k > 0 || q.top_p < 1 ? draw_ranked(x, q, a.candidates + (long long)blockIdx.x * V, s) : draw_unranked(x, q, s);
    }
    if (tid == 0) a.chosen[blockIdx.x] = token;
}
