// Prefill, 16-bit types: attention of tiles of 64 rows of one sequence and one head on the tensor cores. See docs/kernels/cuda-moba.md.
//
// Running softmax in f32; scores and probabilities never leave the registers. Keys and values come in tiles of 64 through two buffers.
// Three kernels of one source:
//   MODE 0  a block visits, in ascending order, every chunk that a row of its tile has chosen or lies in; rows that did not choose it
//           are masked, warps none of whose rows did skip the products. Launch: (tiles, H) blocks of 128 threads, 16 rows a warp.
//   MODE 1  the rows that chose one chunk, gathered (rows_lists.cu): no row is masked, whatever the context. What a row got from the
//           chunk goes out unscaled, with its highest score and its sum. Launch: (most tiles of a head, H) blocks.
//   MODE 2  as MODE 0 over the own chunk alone; then the parts of MODE 1 join in. Launch as MODE 0.

#include "common.cuh"

#define THREADS 128
#define TILE 64
#define PAST (TOPK - 1)
#define MAX_CHUNKS 16384
#define LOG2E 1.44269504f
#ifndef MODE
#define MODE 0
#endif
#define PART (N + 2)                         // what MODE 1 leaves: 64 sums, the highest score, the sum of weights

#if WEIGHT == 1
#define PRODUCT "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32"
#else
#define PRODUCT "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32"
#endif

struct Args
{
    const float *qkv;                        // (T, 3C)
    const int *segments;                     // (T)
    const int *starts;                       // (S + 1)
    const unsigned long long *const *tables; // (S)
    const int *positions;                    // (S)
    const int *chosen;                       // (T, H, PAST)
    const int *tiles;                        // (tiles, 2) first and end row; MODE 1: (H, most tiles, 4) chunk, first and end of `list`
    int layer;
    weight *out;                             // (T, C)
    const int *list;                         // MODE 1: (H, T, PAST) row · PAST + which of its choices, by chunk
    const int *counts;                       // MODE 1: (H) tiles of each head
    int entries;                             // MODE 1: T · PAST
    float *parts;                            // MODE 1 and 2: (T, H, PAST, PART)
};

__device__ __forceinline__ void multiply(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1)
{
    asm volatile(PRODUCT " {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

__device__ __forceinline__ void load_matrices(unsigned (&m)[4], const weight *p)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3]) : "r"(shared_address(p)) : "memory");
}

__device__ __forceinline__ void load_transposed(unsigned (&m)[4], const weight *p)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3]) : "r"(shared_address(p)) : "memory");
}

__device__ __forceinline__ float power_of_two(float f)
{
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(f));
    return y;
}

// 16-byte pieces of a row of 64 are swapped by its number, so that eight rows of a matrix lie in different banks.
__device__ __forceinline__ int place(int row, int piece) { return row * N + ((piece ^ (row & 7)) * 8); }

extern "C" __global__ void __launch_bounds__(THREADS) rows_attend_tiles(const __grid_constant__ Args a)
{
    __shared__ __align__(128) weight keys[2][TILE * N], values[2][TILE * N];
    const int head = blockIdx.y, tid = threadIdx.x, warp = tid / WARP, lane = tid % WARP;
#if MODE == 1
    __shared__ int members[TILE];
    if (blockIdx.x >= a.counts[head]) return;
    const int *tile = a.tiles + ((long long)head * gridDim.x + blockIdx.x) * 4;
    const int rows = tile[2] - tile[1];
    const unsigned long long *table = a.tables[0];
    int chunk = tile[0], from = 0;
    const int own_last = chunk;
    if (tid < TILE) members[tid] = tid < rows ? a.list[(long long)head * a.entries + tile[1] + tid] : -1;
    auto next_chunk = [&](int c) { return c + 1; };
    auto keys_of = [&](int) { return CHUNK; };
    auto row_of = [&](int row) { return (long long)(members[row] / PAST); };
#else
    __shared__ unsigned needed[MAX_CHUNKS / 32];
    __shared__ int choices[TILE][PAST > 0 ? PAST : 1];
    const int first = a.tiles[2 * blockIdx.x], rows = a.tiles[2 * blockIdx.x + 1] - first, segment = a.segments[first];
    const int position = a.positions[segment] + first - a.starts[segment];
    const int own_first = position / CHUNK, own_last = (position + rows - 1) / CHUNK;
    const unsigned long long *table = a.tables[segment];

    for (int i = tid; i <= own_last / 32; i += THREADS) needed[i] = 0;
    __syncthreads();
#if TOPK > 1 && MODE == 0
    for (int i = tid; i < TILE * PAST; i += THREADS)
    {
        const int row = i / PAST, chunk = row < rows ? a.chosen[((long long)(first + row) * H + head) * PAST + i % PAST] : -1;
        choices[row][i % PAST] = chunk;
        if (chunk >= 0) atomicOr(&needed[chunk / 32], 1u << (chunk % 32));
    }
#endif
    if (tid <= own_last - own_first) atomicOr(&needed[(own_first + tid) / 32], 1u << ((own_first + tid) % 32));
    __syncthreads();

    auto next_chunk = [&](int chunk)
    {
        for (chunk++; chunk <= own_last; chunk++)
        {
            const unsigned word = needed[chunk / 32] >> (chunk % 32);
            if (word != 0) return chunk + __ffs(word) - 1;
            chunk |= 31;
        }
        return chunk;
    };
    auto keys_of = [&](int chunk) { return chunk == own_last ? position + rows - chunk * CHUNK : CHUNK; };
    auto row_of = [&](int row) { return (long long)(first + row); };
    int chunk = next_chunk(-1), from = 0;
#endif
    auto fetch = [&](int buffer, int chunk, int from)
    {
        if (chunk <= own_last)
#pragma unroll
            for (int i = 0; i < TILE * 8 / THREADS; i++)
            {
                const int word = tid + i * THREADS, row = word / 8, piece = word % 8;
                const bool in = from + row < keys_of(chunk);
                const int key = chunk * CHUNK + (in ? from + row : 0);
                const unsigned long long page = table[key / PAGE];
                const int at = key % PAGE * N + piece * 8;
                copy_async(&keys[buffer][place(row, piece)], page_keys(page, a.layer, head) + at, in);
                copy_async(&values[buffer][place(row, piece)], page_values(page, a.layer, head) + at, in);
            }
        copy_commit();
    };

    fetch(0, chunk, from);
    __syncthreads();

    // The lane's rows, and its part of the queries as left operand: rows l / 4 and l / 4 + 8 of the warp's 16.
    const int row0 = warp * 16 + lane / 4;
    unsigned q[4][4];
#pragma unroll
    for (int step = 0; step < 4; step++)
#pragma unroll
        for (int i = 0; i < 4; i++)
        {
            const int row = row0 + i % 2 * 8, n = step * 16 + i / 2 * 8 + lane % 4 * 2;
            const float *from_row = a.qkv + row_of(row < rows ? row : 0) * (3 * C) + head * N + n;
            q[step][i] = row < rows ? narrow_pair(from_row[0] * 0.125f, from_row[1] * 0.125f) : 0; // 1 / sqrt(64), exact
        }
    float o[8][4] = {}, top[2] = {-INFINITY, -INFINITY}, sum[2] = {};

    for (int buffer = 0; chunk <= own_last; buffer ^= 1)
    {
        const bool last_of_chunk = from + TILE >= keys_of(chunk);
        const int following = last_of_chunk ? next_chunk(chunk) : chunk, following_from = last_of_chunk ? 0 : from + TILE;
        fetch(buffer ^ 1, following, following_from);
        copy_wait<1>();
        __syncthreads();

        // How many keys of this tile each of the lane's rows sees.
        int visible[2];
#pragma unroll
        for (int r = 0; r < 2; r++)
        {
            const int row = row0 + r * 8;
#if MODE == 1
            const int all = row < rows ? CHUNK : 0;
#else
            const int own = (position + row) / CHUNK;
            bool chose = false;
#if MODE == 0
#pragma unroll
            for (int i = 0; i < PAST; i++) chose |= choices[row][i] == chunk;
#endif
            const int all = row >= rows ? 0 : chunk == own ? (position + row) % CHUNK + 1 : chose ? CHUNK : 0;
#endif
            visible[r] = max(min(all - from, TILE), 0);
        }
        if (__any_sync(FULL, visible[0] > 0 || visible[1] > 0))
        {
            float s[8][4] = {};
#pragma unroll
            for (int n = 0; n < 8; n++)
#pragma unroll
                for (int half = 0; half < 2; half++)
                {
                    unsigned m[4];
                    load_matrices(m, &keys[buffer][place(n * 8 + lane % 8, half * 4 + lane / 8)]);
                    multiply(s[n], q[half * 2], m[0], m[1]);
                    multiply(s[n], q[half * 2 + 1], m[2], m[3]);
                }
            const bool masked = __any_sync(FULL, visible[0] < TILE || visible[1] < TILE);
            float high[2] = {top[0], top[1]};
#pragma unroll
            for (int n = 0; n < 8; n++)
#pragma unroll
                for (int i = 0; i < 4; i++)
                {
                    if (masked && n * 8 + lane % 4 * 2 + i % 2 >= visible[i / 2]) s[n][i] = -INFINITY;
                    high[i / 2] = fmaxf(high[i / 2], s[n][i]);
                }
#pragma unroll
            for (int r = 0; r < 2; r++)
            {
                high[r] = fmaxf(high[r], __shfl_xor_sync(FULL, high[r], 1));
                high[r] = fmaxf(high[r], __shfl_xor_sync(FULL, high[r], 2));
                const float base = high[r] == -INFINITY ? 0.0f : high[r] * LOG2E;
                const float scale = power_of_two(fmaf(top[r], LOG2E, -base));
                top[r] = high[r];
                sum[r] *= scale;
#pragma unroll
                for (int n = 0; n < 8; n++)
                {
                    o[n][2 * r] *= scale;
                    o[n][2 * r + 1] *= scale;
                    s[n][2 * r] = power_of_two(fmaf(s[n][2 * r], LOG2E, -base));
                    s[n][2 * r + 1] = power_of_two(fmaf(s[n][2 * r + 1], LOG2E, -base));
                    sum[r] += s[n][2 * r] + s[n][2 * r + 1];
                }
            }
#pragma unroll
            for (int step = 0; step < 4; step++)
            {
                const unsigned p[4] = {narrow_pair(s[2 * step][0], s[2 * step][1]), narrow_pair(s[2 * step][2], s[2 * step][3]),
                                       narrow_pair(s[2 * step + 1][0], s[2 * step + 1][1]), narrow_pair(s[2 * step + 1][2], s[2 * step + 1][3])};
#pragma unroll
                for (int n = 0; n < 8; n += 2)
                {
                    unsigned m[4];
                    load_transposed(m, &values[buffer][place(step * 16 + lane / 8 % 2 * 8 + lane % 8, n + lane / 16)]);
                    multiply(o[n], p, m[0], m[1]);
                    multiply(o[n + 1], p, m[2], m[3]);
                }
            }
        }
        __syncthreads();
        chunk = following;
        from = following_from;
    }
    copy_wait<0>();
#pragma unroll
    for (int r = 0; r < 2; r++)
    {
        sum[r] += __shfl_xor_sync(FULL, sum[r], 1);
        sum[r] += __shfl_xor_sync(FULL, sum[r], 2);
        const int row = row0 + r * 8;
        if (row >= rows) continue;
#if MODE == 1
        float *part = a.parts + (row_of(row) * H + head) * (PAST * PART) + members[row] % PAST * PART;
#pragma unroll
        for (int n = 0; n < 8; n++) *(float2 *)(part + n * 8 + lane % 4 * 2) = make_float2(o[n][2 * r], o[n][2 * r + 1]);
        if (lane % 4 == 0) *(float2 *)(part + N) = make_float2(top[r], sum[r]);
#else
#if MODE == 2
        for (int i = 0; i < PAST; i++)
        {
            if (a.chosen[(row_of(row) * H + head) * PAST + i] < 0) continue;
            const float *part = a.parts + ((row_of(row) * H + head) * PAST + i) * PART;
            const float2 ends = *(const float2 *)(part + N);
            const float high = fmaxf(top[r], ends.x), mine = power_of_two((top[r] - high) * LOG2E), theirs = power_of_two((ends.x - high) * LOG2E);
            top[r] = high;
            sum[r] = sum[r] * mine + ends.y * theirs;
#pragma unroll
            for (int n = 0; n < 8; n++)
            {
                const float2 f = *(const float2 *)(part + n * 8 + lane % 4 * 2);
                o[n][2 * r] = o[n][2 * r] * mine + f.x * theirs;
                o[n][2 * r + 1] = o[n][2 * r + 1] * mine + f.y * theirs;
            }
        }
#endif
        const float scale = 1.0f / sum[r];
        weight *out = a.out + row_of(row) * C + head * N + lane % 4 * 2;
#pragma unroll
        for (int n = 0; n < 8; n++) *(unsigned *)(out + n * 8) = narrow_pair(o[n][2 * r] * scale, o[n][2 * r + 1] * scale);
#endif
    }
}
