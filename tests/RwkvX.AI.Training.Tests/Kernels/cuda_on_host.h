// Lets a kernel be compiled as C++ and run on the host, one operating-system thread a CUDA thread: slow, but the same source, barriers and all.
#include <barrier>
#include <cmath>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

struct Dimensions { int x, y, z; };
static thread_local Dimensions threadIdx, blockIdx;
static Dimensions gridDim;
static std::unique_ptr<std::barrier<>> block_barrier;
static std::vector<std::unique_ptr<std::barrier<>>> warp_barriers;
static float exchanged[32][32];

#define __global__
#define __device__
#define __forceinline__ inline
#define __shared__ static
#define __launch_bounds__(...)
#define __grid_constant__

static inline void __syncthreads() { block_barrier->arrive_and_wait(); }
static inline void __syncwarp() { warp_barriers[threadIdx.x / 32]->arrive_and_wait(); }
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

#define LAUNCH(kernel) \
    extern "C" void launch(const Args *args, int threads, int x, int y, int z) \
    { \
        gridDim = {x, y, z}; \
        block_barrier = std::make_unique<std::barrier<>>(threads); \
        warp_barriers.clear(); \
        for (int w = 0; w < threads / 32; w++) warp_barriers.push_back(std::make_unique<std::barrier<>>(32)); \
        std::barrier<> between(threads); \
        std::vector<std::thread> all; \
        for (int t = 0; t < threads; t++) \
            all.emplace_back([=, &between] { \
                threadIdx = {t, 0, 0}; \
                for (int block = 0; block < x * y * z; block++) \
                { \
                    blockIdx = {block % x, block / x % y, block / x / y}; \
                    kernel(*args); \
                    between.arrive_and_wait(); \
                } \
            }); \
        for (auto &thread : all) thread.join(); \
    }
