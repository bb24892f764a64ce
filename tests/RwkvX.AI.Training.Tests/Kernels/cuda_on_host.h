// Lets a kernel be compiled as C++ and run on the host: the threads of a block are fibers of one thread, switched at barriers and shuffles.
#undef _FORTIFY_SOURCE // its longjmp knows of one stack only
#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstring>
#include <ucontext.h>
#include <vector>

struct Dimensions { int x, y, z; };
static Dimensions threadIdx, blockIdx, gridDim;

#define CUDA_ON_HOST
struct float2 { float x, y; };
static inline float2 make_float2(float x, float y) { return {x, y}; }
struct float4 { float x, y, z, w; };
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

// swapcontext starts a fiber; later switches are jumps, since it asks the kernel for the signal mask every time.
struct Fiber
{
    ucontext_t start;
    jmp_buf here;
    std::vector<char> stack;
    bool started, done;
};

static ucontext_t starter; // where no fiber returns to: each ends with a jump
static jmp_buf scheduler;
static std::vector<Fiber> fibers;

static inline void resume(Fiber &fiber)
{
    if (_setjmp(scheduler)) return;
    if (fiber.started) _longjmp(fiber.here, 1);
    fiber.started = true;
    swapcontext(&starter, &fiber.start);
}

static inline void give_way(Fiber &fiber)
{
    if (!_setjmp(fiber.here)) _longjmp(scheduler, 1);
}

// Runs the other fibers until the barrier opens.
struct Barrier
{
    int expected, arrived = 0, generation = 0;
    void wait()
    {
        const int mine = generation;
        if (++arrived == expected)
        {
            arrived = 0;
            generation++;
        }
        while (generation == mine) give_way(fibers[threadIdx.x]);
    }
};

static std::vector<float4> dynamic_shared; // of the block that runs
#define DYNAMIC_SHARED(name) float4 *name = dynamic_shared.data()

static Barrier block_barrier{0}, warp_barriers[32] = {};
static float exchanged[32][32];

#define __global__
#define __device__
#define __forceinline__ inline
#define __shared__ static
#define __launch_bounds__(...)
#define __grid_constant__

static inline void __syncthreads() { block_barrier.wait(); }
static inline void __syncwarp() { warp_barriers[threadIdx.x / 32].wait(); }
static inline float __shfl_xor_sync(unsigned, float value, int mask)
{
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    exchanged[warp][lane] = value;
    __syncwarp();
    const float other = exchanged[warp][lane ^ mask];
    __syncwarp();
    return other;
}
static inline float __uint_as_float(unsigned u) { float f; std::memcpy(&f, &u, 4); return f; }
static inline unsigned __float_as_uint(float f) { unsigned u; std::memcpy(&u, &f, 4); return u; }
#define __expf(x) std::exp(x)
#define __logf(x) std::log(x)
using std::fmaxf;
using std::max;
using std::min;

static inline float to_tf32(float f) { return __uint_as_float((__float_as_uint(f) + 0x1000u) & 0xffffe000u); }

// Three m16n8k8 products of TF32 parts for each part of 8 columns, as the device's tensor cores have them; unless EXACT the last alone.
static float exchanged_a[2][32][32][4], exchanged_b[2][32][32][4][2]; // rounded, and what that leaves
template <bool EXACT>
static inline void multiply_add(float (&c)[2][8], const float (&a)[4], const float (&b)[4][2], int parts)
{
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, group = lane / 4, member = lane % 4;
    for (int i = 0; i < 4; i++)
    {
        const float high = exchanged_a[0][warp][lane][i] = to_tf32(a[i]);
        exchanged_a[1][warp][lane][i] = to_tf32(a[i] - high);
    }
    for (int i = 0; i < 8; i++)
    {
        const float high = exchanged_b[0][warp][lane][i / 2][i % 2] = to_tf32(b[i / 2][i % 2]);
        exchanged_b[1][warp][lane][i / 2][i % 2] = to_tf32(b[i / 2][i % 2] - high);
    }
    __syncwarp();
    for (int term = EXACT ? 0 : 2; term < 3; term++)
    {
        const auto &x = exchanged_a[term == 0][warp];
        const auto &y = exchanged_b[term == 1][warp];
        for (int n = 0; n < 4 && n < parts; n++)
            for (int i = 0; i < 2; i++)
                for (int j = 0; j < 2; j++)
                    for (int k = 0; k < 8; k++)
                        c[i][2 * n + j] += x[group * 4 + k % 4][i + k / 4 * 2] * y[(2 * member + j) * 4 + k % 4][n][k / 4];
    }
    __syncwarp();
}

#include "warp_on_host.h"

#define LAUNCH(kernel) \
    static const Args *arguments; \
    static void run() \
    { \
        const int thread = threadIdx.x; \
        kernel(*arguments); \
        fibers[thread].done = true; \
        _longjmp(scheduler, 1); \
    } \
    extern "C" void launch(const Args *args, int threads, int x, int y, int z, int shared_bytes, int is_reversed) \
    { \
        const int StackBytes = 64 * 1024; \
        arguments = args; \
        gridDim = {x, y, z}; \
        fibers.resize(threads); \
        for (Fiber &fiber : fibers) \
            fiber.stack.resize(StackBytes); \
        for (int block = 0; block < x * y * z; block++) \
        { \
            blockIdx = {block % x, block / x % y, block / x / y}; \
            block_barrier = Barrier{threads}; \
            dynamic_shared.assign(shared_bytes / sizeof(float4), make_float4(NAN, NAN, NAN, NAN)); \
            for (int w = 0; w < threads / 32; w++) warp_barriers[w] = Barrier{32}; \
            for (Fiber &fiber : fibers) \
            { \
                getcontext(&fiber.start); \
                fiber.start.uc_stack.ss_sp = fiber.stack.data(); \
                fiber.start.uc_stack.ss_size = StackBytes; \
                fiber.started = fiber.done = false; \
                makecontext(&fiber.start, run, 0); \
            } \
            for (bool running = true; running;) \
            { \
                running = false; \
                for (int n = 0; n < threads; n++) \
                { \
                    const int t = is_reversed ? threads - 1 - n : n; \
                    if (fibers[t].done) continue; \
                    running = true; \
                    threadIdx = {t, 0, 0}; \
                    resume(fibers[t]); \
                } \
            } \
        } \
    }
