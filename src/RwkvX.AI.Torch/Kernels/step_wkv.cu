// Decode: LoRA-up products, the WKV-7 step, group norm, bonus and gate of one head of one sequence. See docs/kernels/cuda-wkv.md.
//
//   w = exp(-e^-0.5 σ(w0 + tw·w2)), a = σ(a0 + ta·a2), g = tg·g2, v = v + (v_first - v)·σ(v0 + tv·v2)
//   κ = k·k_k / max(‖k·k_k‖, 1e-12), k = k(1 + (a - 1)k_a)
//   S = S diag(w) + (S·(-κ))(κ·a)ᵀ + v·kᵀ, y = S·r;  out = (GroupNorm(y) + (Σ r·k·r_k) v) · g
// Launch: (H, B) blocks of 512 threads; thread t holds row t / 8, columns 8 (t % 8) … +7 of S.
// LoRA-up weights, vectors and S do not depend on this step's earlier kernels: all are fetched before the wait.

#include "common.cuh"
#include "wkv_state.cuh"

#define THREADS 512
#define WARPS (THREADS / WARP)
#define LANES (N / VEC)              // lanes that cover the 64 channels of one LoRA-up row
#define ROWS (WARP / LANES)          // LoRA-up rows in one warp access
#define STEP (WARPS * ROWS)
#define PASSES(r) (((r) + STEP - 1) / STEP)
#define ALL_PASSES (PASSES(RW) + PASSES(RA) + PASSES(RG) + PASSES(RV))

struct Args
{
    const float *r, *k, *v;                     // (B, C)
    const float *tw, *ta, *tg, *tv;             // (B, rank) outputs of the LoRA-down products, activated
    const weight *w2, *a2, *g2, *v2;            // (rank, C); v2 null in layer 0
    const float *w0, *a0, *v0, *k_k, *k_a, *r_k, *norm_weight, *norm_bias; // (C)
    float *v_first;                             // (B, C), written by layer 0
    const float *h;                             // (B, C) becomes att_x_prev
    float *const *states;                       // (B)
    long long state_offset;                     // of att_x_prev
    float *out;                                 // (B, C)
};

template <int RANK>
__device__ __forceinline__ void stage(const weight *w, int head, uint4 *&slot, int warp, int lane)
{
#pragma unroll
    for (int p = 0; p < PASSES(RANK); p++, slot += THREADS)
    {
        const int row = p * STEP + warp * ROWS + lane / LANES;
        const bool in = row < RANK && w != nullptr;
        copy_async(slot, in ? (const void *)(w + (long long)row * C + head * N + lane % LANES * VEC) : slot, in);
    }
}

template <int RANK>
__device__ __forceinline__ void product(const float *t, const uint4 *&slot, float *partial, int warp, int lane)
{
    float acc[VEC] = {};
#pragma unroll
    for (int p = 0; p < PASSES(RANK); p++, slot += THREADS)
    {
        const int row = p * STEP + warp * ROWS + lane / LANES;
        float w[VEC];
        widen_all(*slot, w);
        const float f = row < RANK ? t[row] : 0.0f;
#pragma unroll
        for (int j = 0; j < VEC; j++) acc[j] = fmaf(f, w[j], acc[j]);
    }
#pragma unroll
    for (int j = 0; j < VEC; j++)
    {
#pragma unroll
        for (int m = LANES; m < WARP; m <<= 1) acc[j] += __shfl_xor_sync(FULL, acc[j], m);
        if (lane < LANES) partial[warp * N + lane * VEC + j] = acc[j];
    }
}

extern "C" __global__ void __launch_bounds__(THREADS, 2) step_wkv(const __grid_constant__ Args a)
{
    extern __shared__ __align__(16) unsigned char dynamic[]; // [ALL_PASSES][THREADS] 16-byte words
    __shared__ float partial[4][WARPS * N];
    __shared__ float up[4][N];
    __shared__ __align__(16) float sw[N], sk[N], sa[N], sb[N], sr[N], sv[N], sy[N];
    __shared__ float sbonus;
    __shared__ __align__(16) float constants[8][N];

    const int head = blockIdx.x, b = blockIdx.y, tid = threadIdx.x, warp = tid / WARP, lane = tid % WARP;
    uint4 *slot = (uint4 *)dynamic + tid;
    stage<RW>(a.w2, head, slot, warp, lane);
    stage<RA>(a.a2, head, slot, warp, lane);
    stage<RG>(a.g2, head, slot, warp, lane);
    stage<RV>(a.v2, head, slot, warp, lane);
    if (tid < 8 * (N / 4))
    {
        const int i = tid / (N / 4), n = tid % (N / 4) * 4;
        const float *low = i < 2 ? (i == 0 ? a.w0 : a.a0) : i == 2 ? (a.v2 == nullptr ? a.a0 : a.v0) : a.k_k;
        const float *high = i < 6 ? (i == 4 ? a.k_a : a.r_k) : i == 6 ? a.norm_weight : a.norm_bias;
        copy_async(&constants[i][n], (i < 4 ? low : high) + head * N + n, true);
    }
    copy_commit();
    let_next_start();

    float *state = a.states[b] + a.state_offset;
    state_quad *s = (state_quad *)((state_element *)(state + 2 * C) + head * (N * N) + tid * 8);
    const state_quad low = s[0], high = s[1];

    wait_for_previous();
    const int row0 = b * C + head * N;
    float r[2], k[2], v[2], first[2];
    if (warp == 0)
    {
#pragma unroll
        for (int i = 0; i < 2; i++)
        {
            r[i] = a.r[row0 + lane + i * WARP];
            k[i] = a.k[row0 + lane + i * WARP];
            v[i] = a.v[row0 + lane + i * WARP];
            first[i] = a.v2 != nullptr ? a.v_first[row0 + lane + i * WARP] : 0.0f;
        }
    }
    copy_wait<0>();
    const uint4 *read = (const uint4 *)dynamic + tid;
    product<RW>(a.tw + b * RW, read, partial[0], warp, lane);
    product<RA>(a.ta + b * RA, read, partial[1], warp, lane);
    product<RG>(a.tg + b * RG, read, partial[2], warp, lane);
    product<RV>(a.tv + b * RV, read, partial[3], warp, lane);
    __syncthreads();
    if (tid < 4 * N)
    {
        float f = 0;
#pragma unroll
        for (int i = 0; i < WARPS; i++) f += partial[tid / N][i * N + tid % N];
        up[tid / N][tid % N] = f;
    }
    else if (tid < 5 * N)
        state[head * N + tid % N] = a.h[row0 + tid % N];
    __syncthreads();
    if (warp == 0)
    {
        float kk[2], in[2], norm = 0, bonus = 0;
#pragma unroll
        for (int i = 0; i < 2; i++)
        {
            const int n = lane + i * WARP;
            kk[i] = k[i] * constants[3][n];
            norm += kk[i] * kk[i];
            in[i] = sigmoid(constants[1][n] + up[1][n]);
            k[i] *= 1.0f + (in[i] - 1.0f) * constants[4][n];
            bonus += r[i] * k[i] * constants[5][n];
            if (a.v2 == nullptr)
                a.v_first[row0 + n] = v[i];
            else
                v[i] += (first[i] - v[i]) * sigmoid(constants[2][n] + up[3][n]);
            sw[n] = decay_of(constants[0][n] + up[0][n]);
            sr[n] = r[i];
            sk[n] = k[i];
            sv[n] = v[i];
        }
        const float scale = 1.0f / fmaxf(sqrtf(warp_sum(norm)), 1e-12f);
        bonus = warp_sum(bonus);
        if (lane == 0) sbonus = bonus;
#pragma unroll
        for (int i = 0; i < 2; i++)
        {
            sa[lane + i * WARP] = -kk[i] * scale;
            sb[lane + i * WARP] = kk[i] * scale * in[i];
        }
    }
    __syncthreads();
    {
        const int i = tid / 8, j = tid % 8 * 8;
        const float4 s0 = widen_quad(low), s1 = widen_quad(high);
        float S[8] = {s0.x, s0.y, s0.z, s0.w, s1.x, s1.y, s1.z, s1.w};
        float dot = 0, y = 0;
#pragma unroll
        for (int q = 0; q < 8; q++) dot = fmaf(S[q], sa[j + q], dot);
#pragma unroll
        for (int m = 4; m > 0; m >>= 1) dot += __shfl_xor_sync(FULL, dot, m);
        const float v = sv[i];
#pragma unroll
        for (int q = 0; q < 8; q++)
        {
            S[q] = fmaf(S[q], sw[j + q], fmaf(dot, sb[j + q], v * sk[j + q]));
            y = fmaf(S[q], sr[j + q], y);
        }
#pragma unroll
        for (int m = 4; m > 0; m >>= 1) y += __shfl_xor_sync(FULL, y, m);
        if ((tid & 7) == 0) sy[i] = y;
        s[0] = narrow_quad(make_float4(S[0], S[1], S[2], S[3]));
        s[1] = narrow_quad(make_float4(S[4], S[5], S[6], S[7]));
    }
    __syncthreads();
    if (warp == 0)
    {
        const float y0 = sy[lane], y1 = sy[lane + WARP];
        const float mean = warp_sum(y0 + y1) / N;
        const float d0 = y0 - mean, d1 = y1 - mean;
        const float scale = rsqrtf(warp_sum(d0 * d0 + d1 * d1) / N + 64e-5f);
#pragma unroll
        for (int i = 0; i < 2; i++)
        {
            const int n = lane + i * WARP;
            const float y = (i == 0 ? d0 : d1) * scale * constants[6][n] + constants[7][n];
            a.out[row0 + n] = (y + sbonus * sv[n]) * up[2][n];
        }
    }
}
