// What kernels use of a warp, and of the tensor cores (tensor_cores.cuh), for the host: lanes meet and read each other's values.
#include <array>

#define __align__(bytes) __attribute__((aligned(bytes)))

// What every lane of the warp gave.
template <typename T>
static std::array<T, 32> all_of_warp(const T &value)
{
    static T given[32][32];
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    std::memcpy((void *)&given[warp][lane], (const void *)&value, sizeof(T));
    __syncwarp();
    std::array<T, 32> all;
    std::memcpy((void *)all.data(), (const void *)given[warp], sizeof(all));
    __syncwarp();
    return all;
}

template <typename T>
static T __shfl_sync(unsigned, T value, int lane) { return all_of_warp(value)[lane & 31]; }

template <typename T>
static T __shfl_up_sync(unsigned, T value, int offset)
{
    const int lane = threadIdx.x % 32;
    return all_of_warp(value)[lane >= offset ? lane - offset : lane];
}

static inline unsigned __ballot_sync(unsigned, bool is)
{
    const std::array<bool, 32> all = all_of_warp(is);
    unsigned bits = 0;
    for (int lane = 0; lane < 32; lane++) bits |= (unsigned)all[lane] << lane;
    return bits;
}

static inline int __popc(unsigned bits) { return __builtin_popcount(bits); }
static inline int __ffs(unsigned bits) { return __builtin_ffs((int)bits); }
static inline unsigned atomicOr(unsigned *to, unsigned bits)
{
    const unsigned before = *to;
    *to |= bits;
    return before;
}

static inline float power_of_two(float f) { return std::exp2(f); }

static inline unsigned bf16_bits(float f)
{
    const unsigned u = __float_as_uint(f);
    return (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
}
static inline unsigned narrow_pair(float low, float high) { return bf16_bits(low) | bf16_bits(high) << 16; }
static inline float half_of(unsigned pair, int which) { return __uint_as_float(which == 0 ? pair << 16 : pair & 0xffff0000u); }

struct LeftOperand { unsigned at[4]; };
struct RightOperand { unsigned at[2]; };
typedef const unsigned short *MatrixRow;

static inline void multiply(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1)
{
    const std::array<LeftOperand, 32> left = all_of_warp(LeftOperand{{a[0], a[1], a[2], a[3]}});
    const std::array<RightOperand, 32> right = all_of_warp(RightOperand{{b0, b1}});
    const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
    for (int i = 0; i < 4; i++)
    {
        const int row = g + i / 2 * 8, column = t * 2 + i % 2;
        for (int k = 0; k < 16; k++)
        {
            const float x = half_of(left[row % 8 * 4 + k % 8 / 2].at[row / 8 + k / 8 * 2], k % 2);
            const float y = half_of(right[column * 4 + k % 8 / 2].at[k / 8], k % 2);
            c[i] += x * y;
        }
    }
}

static inline void load_matrices(unsigned (&m)[4], MatrixRow p)
{
    const std::array<MatrixRow, 32> rows = all_of_warp(p);
    const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
    for (int i = 0; i < 4; i++) std::memcpy(&m[i], rows[i * 8 + g] + 2 * t, 4);
    __syncwarp();
}

static inline void load_transposed(unsigned (&m)[4], MatrixRow p)
{
    const std::array<MatrixRow, 32> rows = all_of_warp(p);
    const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
    for (int i = 0; i < 4; i++) m[i] = rows[i * 8 + 2 * t][g] | (unsigned)rows[i * 8 + 2 * t + 1][g] << 16;
    __syncwarp();
}

static inline void copy_async(void *shared, const void *global, bool there)
{
    if (there) std::memcpy(shared, global, 16);
    else std::memset(shared, 0, 16);
}
static inline void copy_commit() {}
static inline void copy_wait() {}
template <int PENDING>
static inline void copy_wait() {}
