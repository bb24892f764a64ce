// Prefill: from the matrix products to the operands of the WKV recurrence, one warp a row and head. See docs/kernels/cuda-wkv.md.
// A record is six vectors of 64 floats: w, k, -κ, κ·a, r, v; the recurrence reads it as one piece.
// Launch: (rows, ceil(H / 8)) blocks of 256 threads.

#include "common.cuh"

struct Args
{
    const weight *r, *k, *v, *w, *a, *vl;                  // (T, C): products, the last three of the LoRA pairs; vl null in layer 0
    const float *w0, *a0, *v0, *k_k, *k_a, *r_k;           // (C)
    const weight *v_first;                                 // (T, C): v of layer 0
    float *records;                                        // (rows, H, 6, 64): of the rows of this launch
    float *bonus;                                          // (T, H)
    float *ahead;                                          // (T, H) κ·a of the row with -κ of the next: what the recurrence needs a token early
    int first, all;                                        // the first row of this launch; T
};

extern "C" __global__ void __launch_bounds__(256) rows_wkv_prepare(const __grid_constant__ Args a)
{
    const int head = blockIdx.y * 8 + threadIdx.x / WARP, lane = threadIdx.x % WARP;
    if (head >= H) return;
    const long long t = a.first + blockIdx.x;
    float *record = a.records + ((long long)blockIdx.x * H + head) * (6 * N);
    const int c = head * N + 2 * lane; // two neighbouring channels a lane
    const long long at = t * C + c;
    auto vector = [&](const float *p) { return *(const float2 *)(p + c); };
    auto store = [&](int i, float x, float y) { *(float2 *)(record + i * N + 2 * lane) = make_float2(x, y); };
    const float2 r = widen_pair(a.r + at), k = widen_pair(a.k + at), k_k = vector(a.k_k), k_a = vector(a.k_a), r_k = vector(a.r_k);
    const float2 a0 = vector(a.a0), al = widen_pair(a.a + at), w0 = vector(a.w0), wl = widen_pair(a.w + at);
    float2 v = widen_pair(a.v + at), in = make_float2(sigmoid(a0.x + al.x), sigmoid(a0.y + al.y));
    if (a.vl != nullptr)
    {
        const float2 first = widen_pair(a.v_first + at), v0 = vector(a.v0), vl = widen_pair(a.vl + at);
        v.x += (first.x - v.x) * sigmoid(v0.x + vl.x);
        v.y += (first.y - v.y) * sigmoid(v0.y + vl.y);
    }
    const float2 after = t + 1 < a.all ? widen_pair(a.k + at + C) : make_float2(0, 0); // where that is another sequence's, nobody asks
    const float2 kk = make_float2(k.x * k_k.x, k.y * k_k.y), next = make_float2(after.x * k_k.x, after.y * k_k.y);
    const float2 key = make_float2(k.x * (1.0f + (in.x - 1.0f) * k_a.x), k.y * (1.0f + (in.y - 1.0f) * k_a.y));
    const float scale = 1.0f / fmaxf(sqrtf(warp_sum(kk.x * kk.x + kk.y * kk.y)), 1e-12f);
    const float next_scale = 1.0f / fmaxf(sqrtf(warp_sum(next.x * next.x + next.y * next.y)), 1e-12f);
    const float ahead = warp_sum(kk.x * in.x * next.x + kk.y * in.y * next.y);
    const float bonus = warp_sum(r.x * key.x * r_k.x + r.y * key.y * r_k.y);
    store(0, decay_of(w0.x + wl.x), decay_of(w0.y + wl.y));
    store(1, key.x, key.y);
    store(2, -kk.x * scale, -kk.y * scale);
    store(3, kk.x * scale * in.x, kk.y * scale * in.y);
    store(4, r.x, r.y);
    store(5, v.x, v.y);
    if (lane == 0) a.bonus[t * H + head] = bonus;
    if (lane == 0) a.ahead[t * H + head] = -ahead * scale * next_scale;
}
