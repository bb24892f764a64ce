// Decode: y = W · f(x) for B rows at once, W (rows, C) 16-bit, or 8-bit with a scale a row, f32 accumulate. See docs/kernels/cuda-gemv.md.
//
// f is the identity, LayerNorm, or LayerNorm and token shift: h = LN(x), h + (h' - h) * mix, with h' the previous token's h.
// One launch holds up to 7 groups of rows that differ in weights, mix, output and activation (r, k, v and the four LoRA-down products).
// Launch: one block of 512 threads a multiprocessor; tasks[block] = (group, first row, end row).
// A warp owns pairs of rows. Each lane streams its own 16-byte pieces through a private ring in shared memory (cp.async), so no
// barrier is needed, 80 KB are in flight, and the ring fills before the previous kernel has finished (weights are constant).
// The output product, which has few rows a block, is compiled with fewer warps and a deeper ring (-DTHREADS, -DDEPTH).

#include "common.cuh"

#ifndef B
#define B 1
#endif
#ifndef THREADS
#define THREADS 512
#define DEPTH 6 // ring stages of two rows' pieces: 6 * 2 * 16 B * 512 = 96 KB
#endif
#define WARPS (THREADS / WARP)
#define PREFETCH_ROWS 16 // of a block; with none a step takes 1% longer, with 40 4%: more delays what earlier kernels need sooner

// Of a product with weights of type W: elements in a 16-byte piece, a warp's pieces in a row, elements of the vector with what is missing in the last.
#define ELEMENTS(W) (16 / (int)sizeof(W))
#define PIECES(W) ((C + WARP * ELEMENTS(W) - 1) / (WARP * ELEMENTS(W)))
#define PADDED(W) (PIECES(W) * WARP * ELEMENTS(W))
#define PER(W) ((PADDED(W) + THREADS - 1) / THREADS)

enum { STORE = 0, TANH = 1, SIGMOID = 2, RELU2 = 3, ADD = 4 };

struct Group
{
    const void *w;       // (rows, C)
    const float *scales; // (rows) where w has 8 bits, else null
    const float *mix;    // (C) or null: no token shift
    float *out;          // (B, stride)
    int stride;
    int activation;
};

struct Args
{
    Group groups[7];
    const int *tasks;          // (grid, 4)
    unsigned writers;          // a power of two of blocks, less one: every block computes the norm, these write a part of it out each
    const float *x;            // (B, C)
    const float *partials;     // (SPLITS, B, C) still to be added to x, from step_value; or null
    float *x_out;              // (B, C) their sum, another buffer than x; where there are partials
    const float *norm_weight;  // (C) or null: x is used as it is
    const float *norm_bias;    // (C)
    float *const *states;      // (B) or null
    long long prev_offset;     // of h' in a state
    float *h_out;              // (B, C) h, for whoever stores it as the next h'; or null
};

__device__ __forceinline__ float activate(float y, int kind)
{
    if (kind == TANH) return tanh_of(y);
    if (kind == SIGMOID) return sigmoid(y);
    if (kind == RELU2) { y = fmaxf(y, 0.0f); return y * y; }
    return y;
}

// Element e of a row's vector in the order in which lanes read it: 16-byte planes, so that a warp's reads touch every bank once.
template <typename W>
__device__ __forceinline__ int place(int e)
{
    const int piece = e / (WARP * ELEMENTS(W)), lane = e / ELEMENTS(W) % WARP, j = e % ELEMENTS(W);
    return ((piece * (ELEMENTS(W) / 4) + j / 4) * WARP + lane) * 4 + j % 4;
}

// What the prologue needs that no kernel of this step writes: fetched before the wait.
template <typename W>
struct Constants
{
    float norm_weight[PER(W)], norm_bias[PER(W)], mix[PER(W)], prev[B][PER(W)];
};

template <typename W>
__device__ __forceinline__ void load_constants(const Args &a, const Group &g, Constants<W> &c)
{
    const bool shift = g.mix != nullptr;
#pragma unroll
    for (int i = 0; i < PER(W); i++)
    {
        const int e = threadIdx.x + i * THREADS;
        const bool in = e < C && a.norm_weight != nullptr;
        c.norm_weight[i] = in ? a.norm_weight[e] : 0.0f;
        c.norm_bias[i] = in ? a.norm_bias[e] : 0.0f;
        c.mix[i] = in && shift ? g.mix[e] : 0.0f;
#pragma unroll
        for (int b = 0; b < B; b++) c.prev[b][i] = in && shift ? a.states[b][a.prev_offset + e] : 0.0f;
    }
}

template <typename W>
__device__ __forceinline__ void prologue(const Args &a, const Constants<W> &c, float *vec, float *reduce)
{
#pragma unroll
    for (int b = 0; b < B; b++)
    {
        float v[PER(W)];
#pragma unroll
        for (int i = 0; i < PER(W); i++)
        {
            const int e = threadIdx.x + i * THREADS;
            v[i] = e < C ? a.x[b * C + e] : 0.0f;
        }
        if (a.partials != nullptr)
        {
#pragma unroll
            for (int i = 0; i < PER(W); i++)
            {
                const int e = threadIdx.x + i * THREADS;
                if (e >= C) continue;
                float part[SPLITS];
#pragma unroll
                for (int s = 0; s < SPLITS; s++) part[s] = a.partials[(s * B + b) * C + e];
#pragma unroll
                for (int s = 0; s < SPLITS; s++) v[i] += part[s];
                if ((e / WARP & a.writers) == blockIdx.x) a.x_out[b * C + e] = v[i];
            }
        }
        if (a.norm_weight != nullptr)
        {
            float sum = 0, square = 0;
#pragma unroll
            for (int i = 0; i < PER(W); i++) sum += v[i];
            const float mean = block_sum<THREADS>(sum, reduce) / C;
#pragma unroll
            for (int i = 0; i < PER(W); i++)
                if (threadIdx.x + i * THREADS < C) square += (v[i] - mean) * (v[i] - mean);
            const float scale = rsqrtf(block_sum<THREADS>(square, reduce + WARPS) / C + 1e-5f);
#pragma unroll
            for (int i = 0; i < PER(W); i++)
            {
                const int e = threadIdx.x + i * THREADS;
                const float h = (v[i] - mean) * scale * c.norm_weight[i] + c.norm_bias[i];
                if (a.h_out != nullptr && e < C && (e / WARP & a.writers) == blockIdx.x) a.h_out[b * C + e] = h;
                v[i] = e < C ? h + (c.prev[b][i] - h) * c.mix[i] : 0.0f;
            }
        }
#pragma unroll
        for (int i = 0; i < PER(W); i++)
        {
            const int e = threadIdx.x + i * THREADS;
            if (e < PADDED(W)) vec[b * PADDED(W) + place<W>(e)] = v[i];
        }
    }
    __syncthreads();
}

// The scales of a warp's pairs of rows: none but for 8-bit weights.
template <typename W>
struct RowScales
{
    __device__ RowScales(const Group &, const int4, int, int) {}
    __device__ void next() {}
    __device__ float apply(float y, int) const { return y; }
};

#if MATRIX != 0
// Lane r has that of row r; each pair's is asked for one pair ahead, the first before the wait.
template <>
struct RowScales<matrix>
{
    const float *scales;
    int row, end;
    float now, ahead;

    __device__ RowScales(const Group &g, const int4 task, int warp, int lane) : scales(g.scales), row(task.y + 2 * warp + (lane & 1)), end(task.z), now(0) { fetch(); }
    __device__ void fetch() { ahead = row < end ? scales[row] : 0.0f; }
    __device__ void next() { now = ahead; row += 2 * WARPS; fetch(); }
    __device__ float apply(float y, int r) const { return y * __shfl_sync(FULL, now, r); }
};
#endif

// The rows of one block: task = (group, first row, end row).
template <typename W>
__device__ __forceinline__ void multiply(const Args &a, const int4 task)
{
    extern __shared__ __align__(16) unsigned char dynamic[];
    uint4 *ring = (uint4 *)dynamic + threadIdx.x;                       // [DEPTH][2][THREADS]
    float *vec = (float *)(dynamic + DEPTH * 2 * THREADS * 16);         // [B][PADDED]
    __shared__ float reduce[2 * WARPS];

    const Group &g = a.groups[task.x];
    const int warp = threadIdx.x / WARP, lane = threadIdx.x % WARP;
    const int pairs = (task.z - task.y + 1) / 2;
    const int mine = pairs > warp ? (pairs - warp + WARPS - 1) / WARPS : 0;
    const int total = mine * PIECES(W);
    const W *w = (const W *)g.w;

    // The stage to fetch next: pair, then piece.
    int fetch_row = task.y + 2 * warp, fetch_piece = 0, fetched = 0, fetch_slot = 0;
    auto fetch = [&]()
    {
        if (fetched < total)
        {
            const int e = fetch_piece * (WARP * ELEMENTS(W)) + lane * ELEMENTS(W);
            const bool in = C % (WARP * ELEMENTS(W)) == 0 || e < C;
            const int second = fetch_row + 1 < task.z ? fetch_row + 1 : fetch_row;
            copy_async(ring + (fetch_slot * 2) * THREADS, w + (long long)fetch_row * C + (in ? e : 0), in);
            copy_async(ring + (fetch_slot * 2 + 1) * THREADS, w + (long long)second * C + (in ? e : 0), in);
            fetched++;
            if (++fetch_piece == PIECES(W)) { fetch_piece = 0; fetch_row += 2 * WARPS; }
            if (++fetch_slot == DEPTH) fetch_slot = 0;
        }
        copy_commit();
    };
#pragma unroll
    for (int i = 0; i < DEPTH - 1; i++) fetch();
    let_next_start();
    // What the ring has no room for yet goes to the L2, so that the memory is busy while the previous kernel ends and the norm runs.
    {
        const char *end = (const char *)(w + (long long)min(task.z, task.y + PREFETCH_ROWS) * C);
        for (const char *p = (const char *)(w + (long long)task.y * C) + threadIdx.x * 128; p < end; p += THREADS * 128)
            asm volatile("prefetch.global.L2 [%0];" ::"l"(p));
    }
    RowScales<W> scales(g, task, warp, lane);
    Constants<W> constants;
    load_constants(a, g, constants);
    wait_for_previous();
    prologue(a, constants, vec, reduce);

    int slot = 0;
    for (int pair = 0; pair < mine; pair++)
    {
        float acc[2][B] = {};
        scales.next();
#pragma unroll 2
        for (int piece = 0; piece < PIECES(W); piece++)
        {
            copy_wait<DEPTH - 2>();
            const uint4 word0 = ring[(slot * 2) * THREADS], word1 = ring[(slot * 2 + 1) * THREADS];
            if (++slot == DEPTH) slot = 0;
            fetch();
            float w0[ELEMENTS(W)], w1[ELEMENTS(W)];
            widen_all(word0, w0);
            widen_all(word1, w1);
#pragma unroll
            for (int b = 0; b < B; b++)
#pragma unroll
                for (int q = 0; q < ELEMENTS(W) / 4; q++)
                {
                    const float4 v = ((const float4 *)(vec + b * PADDED(W)))[(piece * (ELEMENTS(W) / 4) + q) * WARP + lane];
                    acc[0][b] = fmaf(w0[4 * q], v.x, acc[0][b]);
                    acc[1][b] = fmaf(w1[4 * q], v.x, acc[1][b]);
                    acc[0][b] = fmaf(w0[4 * q + 1], v.y, acc[0][b]);
                    acc[1][b] = fmaf(w1[4 * q + 1], v.y, acc[1][b]);
                    acc[0][b] = fmaf(w0[4 * q + 2], v.z, acc[0][b]);
                    acc[1][b] = fmaf(w1[4 * q + 2], v.z, acc[1][b]);
                    acc[0][b] = fmaf(w0[4 * q + 3], v.w, acc[0][b]);
                    acc[1][b] = fmaf(w1[4 * q + 3], v.w, acc[1][b]);
                }
        }
        const int row = task.y + 2 * (warp + pair * WARPS);
#pragma unroll
        for (int r = 0; r < 2; r++)
#pragma unroll
            for (int b = 0; b < B; b++)
            {
                const float y = scales.apply(warp_sum(acc[r][b]), r);
                if (lane == 0 && row + r < task.z)
                {
                    float *out = g.out + (long long)b * g.stride + row + r;
                    *out = g.activation == ADD ? *out + y : activate(y, g.activation);
                }
            }
    }
}

// With 8-bit weights the compiler would take more registers at batch 1 than let a block of the next kernel start beside this one's.
extern "C" __global__ void __launch_bounds__(THREADS, MATRIX != 0 && B == 1 && THREADS == 512 ? 2 : 1) step_gemv(const __grid_constant__ Args a)
{
    const int4 task = ((const int4 *)a.tasks)[blockIdx.x];
#if MATRIX != 0
    if (a.groups[task.x].scales != nullptr)
    {
        multiply<matrix>(a, task);
        return;
    }
#endif
    multiply<weight>(a, task);
}
