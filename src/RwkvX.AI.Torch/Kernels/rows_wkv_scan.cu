// Prefill: the WKV-7 recurrence, exactly as a step computes it. See docs/kernels/cuda-wkv.md.
//
//   S = S diag(w) + (S·(-κ))(κ·a)ᵀ + v·kᵀ, y = S·r
// The rows of S do not depend on each other, so a head is split over warps that never meet: that fills the card at batch 1, and no
// triangular matrix is inverted, which is where chunked forms blow up on repeated keys.
// A lane holds two rows of S, columns 4(l % 8) … +3 and 32 + 4(l % 8) … +3 of each: a warp eight rows.
// Two kernels of one source:
//   default  any lengths. Launch: (8, H, S) blocks of one warp. Records stream through shared memory; the y of four tokens and two rows are summed
//            over the 8 lanes together, seven exchanges for eight sums. A vector read from shared memory serves two rows: with one row a lane and
//            four warps a ring it took a third longer. S·(-κ) is summed over the lanes a token before it is needed (see advance).
//   SINGLE   one token a sequence: nothing but the states' way through memory counts. Launch: (1, H, S) blocks of 256 threads.

#include "common.cuh"
#include "wkv_state.cuh"

#ifdef SINGLE
#define THREADS 256
#else
#define THREADS WARP
#endif
#define HELD 2
#define ROWS (THREADS / 8 * HELD) // of a block
#define TILE 4                    // tokens a stage
#define STAGES 8
#define WORDS (6 * N / 4)    // 16-byte words in a record

struct Args
{
    const float *records;     // (rows, H, 6, 64): of rows `begin` to `end`
    const float *ahead;       // (T, H) κ·a of the token with -κ of the next one
    const int *starts;        // (S + 1)
    float *const *states;     // (S)
    long long state_offset;   // of att_x_prev
    float *y;                 // (rows, C), likewise
    int begin, end;           // the rows of this launch: of each sequence the part that lies there
};

__device__ __forceinline__ void load8(const float *p, int j, float (&f)[8])
{
    *(float4 *)f = *(const float4 *)(p + j);
    *(float4 *)(f + 4) = *(const float4 *)(p + 32 + j);
}

// The lane's part of a row of S.
__device__ __forceinline__ void load_row(const state_element *p, int j, float (&f)[8])
{
    *(float4 *)f = widen_quad(*(const state_quad *)(p + j));
    *(float4 *)(f + 4) = widen_quad(*(const state_quad *)(p + 32 + j));
}

__device__ __forceinline__ void store_row(state_element *p, int j, const float (&f)[8])
{
    *(state_quad *)(p + j) = narrow_quad(make_float4(f[0], f[1], f[2], f[3]));
    *(state_quad *)(p + 32 + j) = narrow_quad(make_float4(f[4], f[5], f[6], f[7]));
}

// Sum over the 8 lanes that share rows.
__device__ __forceinline__ float lanes_sum(float f)
{
#pragma unroll
    for (int m = 4; m > 0; m >>= 1) f += __shfl_xor_sync(FULL, f, m);
    return f;
}

#ifdef SINGLE
// One token: the lane's part of the rows and, per row, its part of the sum y.
__device__ __forceinline__ void advance(float (&S)[HELD][8], const float *record, int row, int j, float *y)
{
    float w[8], k[8], c[8], b[8], r[8];
    load8(record, j, w);
    load8(record + N, j, k);
    load8(record + 2 * N, j, c);
    load8(record + 3 * N, j, b);
    load8(record + 4 * N, j, r);
    const float2 v = *(const float2 *)(record + 5 * N + row);
#pragma unroll
    for (int i = 0; i < HELD; i++)
    {
        const float vi = i == 0 ? v.x : v.y;
        float dot = 0, dot2 = 0, sum = 0;
#pragma unroll
        for (int q = 0; q < 8; q += 2)
        {
            dot = fmaf(S[i][q], c[q], dot);
            dot2 = fmaf(S[i][q + 1], c[q + 1], dot2);
        }
        dot = lanes_sum(dot + dot2);
#pragma unroll
        for (int q = 0; q < 8; q++)
        {
            S[i][q] = fmaf(dot, b[q], fmaf(S[i][q], w[q], vi * k[q]));
            sum = fmaf(S[i][q], r[q], sum);
        }
        y[i] = sum;
    }
}

extern "C" __global__ void __launch_bounds__(THREADS) rows_wkv_scan(const __grid_constant__ Args a)
{
    const int head = blockIdx.y, segment = blockIdx.z, row = threadIdx.x / 8 * HELD, j = threadIdx.x % 8 * 4;
    state_element *state = (state_element *)(a.states[segment] + a.state_offset + 2 * C) + head * (N * N) + row * N;
    float S[HELD][8], y[HELD];
#pragma unroll
    for (int i = 0; i < HELD; i++) load_row(state + i * N, j, S[i]);
    advance(S, a.records + ((long long)segment * H + head) * (6 * N), row, j, y);
#pragma unroll
    for (int i = 0; i < HELD; i++)
    {
        store_row(state + i * N, j, S[i]);
        y[i] = lanes_sum(y[i]);
        if (j == 0) a.y[(long long)segment * C + head * N + row + i] = y[i];
    }
}
#else
// What a token needs, read from shared memory one token ahead.
struct Operands
{
    float w[8], k[8], next[8], b[8], r[8]; // next: -κ of the token after
    float2 v;
};

// From the lane's places in the token's record and in the next one's, and its rows' place among the values.
__device__ __forceinline__ void load(Operands &o, const float *record, const float *next, const float *value)
{
    load8(record, 0, o.w);
    load8(record + N, 0, o.k);
    load8(next + 2 * N, 0, o.next);
    load8(record + 3 * N, 0, o.b);
    load8(record + 4 * N, 0, o.r);
    o.v = *(const float2 *)(value + 5 * N);
}

// One token: S_t = U + d·bᵀ with U = S diag(w) + v·kᵀ; d of the next one is S_t·c' = U·c' + d (b·c'), whose sum over the lanes does not wait for d.
// `ahead` is b·c'. Per row, the lane's part of y.
__device__ __forceinline__ void advance(float (&S)[HELD][8], float (&d)[HELD], const Operands &o, float ahead, float *y)
{
#pragma unroll
    for (int i = 0; i < HELD; i++)
    {
        const float v = i == 0 ? o.v.x : o.v.y, now = d[i];
        float e = 0, e2 = 0, sum = 0;
#pragma unroll
        for (int q = 0; q < 8; q += 2)
        {
            S[i][q] = fmaf(S[i][q], o.w[q], v * o.k[q]);
            S[i][q + 1] = fmaf(S[i][q + 1], o.w[q + 1], v * o.k[q + 1]);
            e = fmaf(S[i][q], o.next[q], e);
            e2 = fmaf(S[i][q + 1], o.next[q + 1], e2);
        }
        d[i] = fmaf(now, ahead, lanes_sum(e + e2));
#pragma unroll
        for (int q = 0; q < 8; q++)
        {
            S[i][q] = fmaf(now, o.b[q], S[i][q]);
            sum = fmaf(S[i][q], o.r[q], sum);
        }
        y[i] = sum;
    }
}

// A record of the ring, 16 bytes a lane and third of it; zeros where it is not there.
__device__ __forceinline__ void copy_record(unsigned to, const float *from, bool there)
{
    const int bytes = there ? 16 : 0;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n\tcp.async.cg.shared.global [%0 + 512], [%1 + 512], 16, %2;\n\t"
                 "cp.async.cg.shared.global [%0 + 1024], [%1 + 1024], 16, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
}

extern "C" __global__ void __launch_bounds__(THREADS) rows_wkv_scan(const __grid_constant__ Args a)
{
    extern __shared__ __align__(16) float dynamic[]; // 128 bytes more than a block may have otherwise
    float(*ring)[TILE][6 * N] = (float(*)[TILE][6 * N])dynamic, (*aheads)[TILE] = (float(*)[TILE])(dynamic + STAGES * TILE * 6 * N);
    const int head = blockIdx.y, segment = blockIdx.z, lane = threadIdx.x;
    const int row = blockIdx.x * ROWS + lane / 8 * HELD, j = lane % 8 * 4;
    const int first = max(a.starts[segment], a.begin), count = min(a.starts[segment + 1], a.end) - first;
    if (count <= 0) return;
    const float *records = a.records + ((long long)(first - a.begin) * H + head) * (6 * N) + lane * 4;
    const float *ahead = a.ahead + (long long)(first + lane % TILE) * H + head;

    // Records arrive in order, one after the other in the ring; behind the last one zeros.
    int fetched = 0;
    unsigned slot = shared_address(&ring[0][0][lane * 4]);
    auto fetch = [&](int u)
    {
        copy_record(slot + u * (6 * N * 4), records + u * (H * 6 * N), fetched + u < count);
    };
    auto end_tile = [&]()
    {
        if (lane < TILE && fetched + lane < count) copy_async_word(&aheads[fetched / TILE % STAGES][lane], ahead);
        copy_commit();
        records += TILE * H * 6 * N;
        ahead += TILE * H;
        fetched += TILE;
        slot = shared_address(&ring[fetched / TILE % STAGES][0][lane * 4]);
    };
    auto token = [&](int t) { return (t / TILE % STAGES * TILE + t % TILE) * (6 * N); };
    const float *at = &ring[0][0][j], *at_rows = &ring[0][0][row];
    state_element *state = (state_element *)(a.states[segment] + a.state_offset + 2 * C) + head * (N * N) + row * N;
    float S[HELD][8], d[HELD];
#pragma unroll
    for (int i = 0; i < HELD; i++) load_row(state + i * N, j, S[i]);
#pragma unroll
    for (int tile = 0; tile < STAGES - 1; tile++)
    {
#pragma unroll
        for (int u = 0; u < TILE; u++) fetch(u);
        end_tile();
    }
    copy_wait<STAGES - 2>();
    __syncwarp();
    Operands o;
    load(o, at, at, at_rows);
#pragma unroll
    for (int i = 0; i < HELD; i++)
    {
        d[i] = 0;
#pragma unroll
        for (int q = 0; q < 8; q++) d[i] = fmaf(S[i][q], o.next[q], d[i]);
        d[i] = lanes_sum(d[i]);
    }
    load(o, at, at + 6 * N, at_rows);
    float *out = a.y + (long long)(first - a.begin + lane % 8 / HELD) * C + head * N + row + lane % HELD;
    int done = 0;
    for (; done + TILE <= count; done += TILE)
    {
        copy_wait<STAGES - 3>(); // the next tile too
        __syncwarp();
        const int tile = token(done), following = token(done + TILE);
        float products[TILE], y[TILE * HELD];
        *(float4 *)products = *(const float4 *)aheads[done / TILE % STAGES];
        auto place = [&](int u) { return u < TILE ? tile + u * (6 * N) : following + (u - TILE) * (6 * N); };
#pragma unroll
        for (int u = 0; u < TILE; u++)
        {
            const Operands now = o;
            load(o, at + place(u + 1), at + place(u + 2), at_rows + place(u + 1));
            fetch(u);
            advance(S, d, now, products[u], y + u * HELD);
        }
        end_tile();
        // Lane l keeps sum l % 8: at each exchange a lane gives away the half of its sums that its partner keeps.
#pragma unroll
        for (int m = 4; m > 0; m >>= 1)
        {
            const bool upper = (lane & m) != 0;
#pragma unroll
            for (int q = 0; q < m; q++)
            {
                const float give = upper ? y[q] : y[q + m], keep = upper ? y[q + m] : y[q];
                y[q] = keep + __shfl_xor_sync(FULL, give, m);
            }
        }
        out[(long long)done * C] = y[0];
    }
    copy_wait<0>();
    __syncwarp();
    for (; done < count; done++)
    {
        float y[HELD];
        load(o, at + token(done), at + token(done + 1), at_rows + token(done)); // what lies behind the last token is read and not used
        advance(S, d, o, aheads[done / TILE % STAGES][done % TILE], y);
#pragma unroll
        for (int i = 0; i < HELD; i++)
        {
            y[i] = lanes_sum(y[i]);
            if (lane % 8 == i) out[(long long)done * C] = y[i];
        }
    }
#pragma unroll
    for (int i = 0; i < HELD; i++) store_row(state + i * N, j, S[i]);
}
#endif
