// Prefill, 16-bit types: attention of tiles of 128 rows of one sequence and one head on the tensor cores. See docs/kernels/cuda-moba.md.
//
// Running softmax in f32; scores and probabilities never leave the registers. Keys and values come 64 at a time through two buffers; a warp has 32
// rows, so that what it reads of them serves two left operands, and takes 32 keys at a time, so that three blocks share a multiprocessor.
// Three kernels of one source:
//   MODE 0  a block visits, in ascending order, every chunk that a row of its tile has chosen or lies in; rows that did not choose it
//           are masked, warps none of whose rows did skip the products. Launch: (tiles, H) blocks of 128 threads.
//   MODE 1  the rows that chose one chunk, gathered (rows_lists.cu): no row is masked, whatever the context. What a row got from the
//           chunk goes out unscaled, with the exponent that it is relative to and its sum. Launch: (most tiles of a head, H) blocks.
//   MODE 2  as MODE 0 over the own chunk alone; then the parts of MODE 1 join in. Launch as MODE 0.

#include "common.cuh"

#define THREADS 128
#define TILE 128                             // rows of a block
#define ROWS 32                              // rows of a warp, as SETS left operands of 16
#define SETS (ROWS / 16)
#define KEYS 64                              // keys in a buffer
#define STEP 32                              // keys of a step of the softmax
#define BUFFER (2 * KEYS * N)                // keys, then values
#define WHOLE (PAGE % KEYS == 0)             // the keys of a buffer lie in one page, one behind the other
#define PAST (TOPK - 1)
#define MAX_CHUNKS 16384
#define LOG2E 1.44269504f
#define LOWEST -1e30f                        // below any score; no infinity, whose difference to itself is no number
#define SLACK 8.0f                           // weights may reach 2 to this before the sums are scaled anew
#ifndef MODE
#define MODE 0
#endif
#define MASKS (MODE != 1 || !WHOLE)          // rows may see a part of a buffer's keys
#define PART (N + 2)                         // what MODE 1 leaves: 64 sums, the exponent that they are relative to, the sum of weights

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

__device__ __forceinline__ void load_matrices(unsigned (&m)[4], unsigned at)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3]) : "r"(at) : "memory");
}

__device__ __forceinline__ void load_transposed(unsigned (&m)[4], unsigned at)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3]) : "r"(at) : "memory");
}

__device__ __forceinline__ float power_of_two(float f)
{
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(f));
    return y;
}

// Where a 16-byte piece of a row of 64 lies, in bytes: pieces are swapped by the row's number, so that eight rows of a matrix lie in different banks.
__device__ __forceinline__ int place(int row, int piece) { return row * (N * 2) + ((piece ^ (row & 7)) * 16); }

extern "C" __global__ void __launch_bounds__(THREADS, 3) rows_attend_tiles(const __grid_constant__ Args a)
{
    __shared__ __align__(128) weight buffers[2][BUFFER];
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
    const int first = a.tiles[2 * blockIdx.x], rows = a.tiles[2 * blockIdx.x + 1] - first, segment = a.segments[first];
    const int position = a.positions[segment] + first - a.starts[segment];
    const int own_first = position / CHUNK, own_last = (position + rows - 1) / CHUNK;
    const unsigned long long *table = a.tables[segment];

    for (int i = tid; i <= own_last / 32; i += THREADS) needed[i] = 0;
    __syncthreads();
#if TOPK > 1 && MODE == 0
    __shared__ short choices[TILE][PAST];
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
    // A thread copies the piece tid % 8 of every sixteenth row; keys that are not there are zeros.
    const int copied = place(tid / 8, tid % 8) / 2;
    auto fetch = [&](int buffer, int chunk, int from)
    {
        if (chunk <= own_last)
        {
            const int there = keys_of(chunk) - from - tid / 8;
#if WHOLE
            const int start = chunk * CHUNK + from;
            const weight *source = page_keys(table[start / PAGE], a.layer, head) + start % PAGE * N + tid * 8;
#endif
#pragma unroll
            for (int i = 0; i < KEYS * 8 / THREADS; i++)
            {
                const bool in = i * (THREADS / 8) < there;
#if WHOLE
                const weight *key = source + i * (THREADS * 8);
#else
                const int at = chunk * CHUNK + (in ? from + tid / 8 + i * (THREADS / 8) : 0);
                const weight *key = page_keys(table[at / PAGE], a.layer, head) + at % PAGE * N + tid % 8 * 8;
#endif
                weight *to = buffers[buffer] + copied + i * (THREADS / 8 * N);
                copy_async(to, key, in);
                copy_async(to + KEYS * N, key + PAGE_PLANE, in);
            }
        }
        copy_commit();
    };

    fetch(0, chunk, from);
    __syncthreads();

    // The lane's rows are row0 + 8 r, and its part of the queries lies as left operands: rows l / 4 and l / 4 + 8 of each 16.
    const int row0 = warp * ROWS + lane / 4;
    unsigned q[SETS][4][4];
#pragma unroll
    for (int set = 0; set < SETS; set++)
#pragma unroll
        for (int step = 0; step < 4; step++)
#pragma unroll
            for (int i = 0; i < 4; i++)
            {
                const int row = row0 + set * 16 + i % 2 * 8, n = step * 16 + i / 2 * 8 + lane % 4 * 2;
                const float2 f = *(const float2 *)(a.qkv + row_of(row < rows ? row : 0) * (3 * C) + head * N + n);
                q[set][step][i] = row < rows ? narrow_pair(f.x * 0.125f, f.y * 0.125f) : 0; // 1 / sqrt(64), exact
            }
    float o[SETS][8][4] = {}, base[2 * SETS], sum[2 * SETS] = {};
#pragma unroll
    for (int r = 0; r < 2 * SETS; r++) base[r] = LOWEST;

    // Where the lane's rows of matrices lie, in bytes from a buffer: eight keys and half of the channels; sixteen values and sixteen channels.
    const unsigned shared = shared_address(buffers);
    const unsigned key_place[2] = {shared + place(lane % 8, lane / 8), shared + place(lane % 8, lane / 8 + 4)};
    const unsigned value_place = shared + KEYS * N * 2 + place(lane / 8 % 2 * 8 + lane % 8, lane / 16);
    const bool is_idle = warp * ROWS >= rows;

    for (int buffer = 0; chunk <= own_last; buffer ^= 1)
    {
        // Everyone's copies are there, and nobody reads the other buffer any more.
        copy_wait<0>();
        __syncthreads();
        const bool last_of_chunk = from + KEYS >= keys_of(chunk);
        const int following = last_of_chunk ? next_chunk(chunk) : chunk, following_from = last_of_chunk ? 0 : from + KEYS;
        fetch(buffer ^ 1, following, following_from);

        // How many keys of this buffer each of the lane's rows sees.
        bool sees = !is_idle;
#if MASKS
        int visible[2 * SETS];
        sees = false;
#pragma unroll
        for (int r = 0; r < 2 * SETS; r++)
        {
            const int row = row0 + r * 8;
#if MODE == 1
            const int all = row < rows ? CHUNK : 0;
#else
            const int own = (position + row) / CHUNK;
            bool chose = false;
#if TOPK > 1 && MODE == 0
#pragma unroll
            for (int i = 0; i < PAST; i++) chose |= choices[row][i] == chunk;
#endif
            const int all = row >= rows ? 0 : chunk == own ? (position + row) % CHUNK + 1 : chose ? CHUNK : 0;
#endif
            visible[r] = all - from;
            sees |= visible[r] > 0;
        }
        sees = __any_sync(FULL, sees);
#endif
        if (sees)
#pragma unroll
            for (int part = 0; part < KEYS; part += STEP)
            {
                const unsigned at = buffer * (BUFFER * 2) + part * (N * 2);
                float s[SETS][STEP / 8][4] = {};
                // Sixteen keys and half of their channels at a time, the next ones on their way; four sums in turn, since a product waits for the one before it of its sum.
                unsigned m[2][2][4];
                auto load_keys = [&](int group)
                {
#pragma unroll
                    for (int j = 0; j < 2; j++) load_matrices(m[group % 2][j], key_place[group % 2] + at + (group / 2 * 2 + j) * (8 * N * 2));
                };
                load_keys(0);
#pragma unroll
                for (int group = 0; group < STEP / 8; group++)
                {
                    if (group + 1 < STEP / 8) load_keys(group + 1);
#pragma unroll
                    for (int k = 0; k < 2; k++)
#pragma unroll
                        for (int j = 0; j < 2; j++)
#pragma unroll
                            for (int set = 0; set < SETS; set++)
                                multiply(s[set][group / 2 * 2 + j], q[set][group % 2 * 2 + k], m[group % 2][j][2 * k], m[group % 2][j][2 * k + 1]);
                }
#if MASKS
                bool is_masked = false;
#pragma unroll
                for (int r = 0; r < 2 * SETS; r++) is_masked |= visible[r] < part + STEP;
                if (__any_sync(FULL, is_masked))
#pragma unroll
                    for (int set = 0; set < SETS; set++)
#pragma unroll
                        for (int n = 0; n < STEP / 8; n++)
#pragma unroll
                            for (int i = 0; i < 4; i++)
                                if (part + n * 8 + lane % 4 * 2 + i % 2 >= visible[set * 2 + i / 2]) s[set][n][i] = -INFINITY;
#endif
                // What the sums are relative to follows the highest score, but only where it would fall far behind.
                float high[2 * SETS];
                bool is_behind = false;
#pragma unroll
                for (int r = 0; r < 2 * SETS; r++)
                {
                    high[r] = -INFINITY;
#pragma unroll
                    for (int n = 0; n < STEP / 8; n++) high[r] = fmaxf(high[r], fmaxf(s[r / 2][n][r % 2 * 2], s[r / 2][n][r % 2 * 2 + 1]));
                    high[r] *= LOG2E;
                    is_behind |= high[r] > base[r] + SLACK;
                }
                if (__any_sync(FULL, is_behind))
#pragma unroll
                    for (int r = 0; r < 2 * SETS; r++)
                    {
                        high[r] = fmaxf(high[r], __shfl_xor_sync(FULL, high[r], 1));
                        high[r] = fmaxf(fmaxf(high[r], __shfl_xor_sync(FULL, high[r], 2)), base[r]);
                        const float scale = power_of_two(base[r] - high[r]);
                        base[r] = high[r];
                        sum[r] *= scale;
#pragma unroll
                        for (int n = 0; n < 8; n++)
                        {
                            o[r / 2][n][r % 2 * 2] *= scale;
                            o[r / 2][n][r % 2 * 2 + 1] *= scale;
                        }
                    }
#pragma unroll
                for (int r = 0; r < 2 * SETS; r++)
#pragma unroll
                    for (int n = 0; n < STEP / 8; n++)
#pragma unroll
                        for (int i = r % 2 * 2; i < r % 2 * 2 + 2; i++)
                        {
                            s[r / 2][n][i] = power_of_two(fmaf(s[r / 2][n][i], LOG2E, -base[r]));
                            sum[r] += s[r / 2][n][i];
                        }
#pragma unroll
                for (int step = 0; step < STEP / 16; step++)
                {
                    unsigned p[SETS][4];
#pragma unroll
                    for (int set = 0; set < SETS; set++)
#pragma unroll
                        for (int i = 0; i < 4; i++) p[set][i] = narrow_pair(s[set][2 * step + i / 2][i % 2 * 2], s[set][2 * step + i / 2][i % 2 * 2 + 1]);
                    unsigned v[2][4];
                    load_transposed(v[0], value_place + at + step * (16 * N * 2));
#pragma unroll
                    for (int n = 0; n < 8; n += 2)
                    {
                        if (n < 6) load_transposed(v[(n / 2 + 1) % 2], (value_place ^ ((n + 2) * 16)) + at + step * (16 * N * 2));
#pragma unroll
                        for (int set = 0; set < SETS; set++)
                        {
                            multiply(o[set][n], p[set], v[n / 2 % 2][0], v[n / 2 % 2][1]);
                            multiply(o[set][n + 1], p[set], v[n / 2 % 2][2], v[n / 2 % 2][3]);
                        }
                    }
                }
            }
        chunk = following;
        from = following_from;
    }
    copy_wait<0>();
#pragma unroll
    for (int r = 0; r < 2 * SETS; r++)
    {
        float (&sums)[8][4] = o[r / 2];
        const int low = r % 2 * 2, row = row0 + r * 8;
        sum[r] += __shfl_xor_sync(FULL, sum[r], 1);
        sum[r] += __shfl_xor_sync(FULL, sum[r], 2);
        if (row >= rows) continue;
#if MODE == 1
        float *part = a.parts + (row_of(row) * H + head) * (PAST * PART) + members[row] % PAST * PART;
#pragma unroll
        for (int n = 0; n < 8; n++) *(float2 *)(part + n * 8 + lane % 4 * 2) = make_float2(sums[n][low], sums[n][low + 1]);
        if (lane % 4 == 0) *(float2 *)(part + N) = make_float2(base[r], sum[r]);
#else
#if MODE == 2
        for (int i = 0; i < PAST; i++)
        {
            if (a.chosen[(row_of(row) * H + head) * PAST + i] < 0) continue;
            const float *part = a.parts + ((row_of(row) * H + head) * PAST + i) * PART;
            const float2 ends = *(const float2 *)(part + N);
            const float high = fmaxf(base[r], ends.x), mine = power_of_two(base[r] - high), theirs = power_of_two(ends.x - high);
            base[r] = high;
            sum[r] = sum[r] * mine + ends.y * theirs;
#pragma unroll
            for (int n = 0; n < 8; n++)
            {
                const float2 f = *(const float2 *)(part + n * 8 + lane % 4 * 2);
                sums[n][low] = sums[n][low] * mine + f.x * theirs;
                sums[n][low + 1] = sums[n][low + 1] * mine + f.y * theirs;
            }
        }
#endif
        const float scale = 1.0f / sum[r];
        weight *out = a.out + row_of(row) * C + head * N + lane % 4 * 2;
#pragma unroll
        for (int n = 0; n < 8; n++) *(unsigned *)(out + n * 8) = narrow_pair(sums[n][low] * scale, sums[n][low + 1] * scale);
#endif
    }
}
