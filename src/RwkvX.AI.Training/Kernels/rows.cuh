// Training: what the elementwise kernels share. A block is the team of one row of C columns, a multiple of 64; a thread has eight columns,
// so that a head of 64 is eight neighbouring threads. A block goes through RUN rows; threads beyond C only take part in sums.

#include "number.cuh"

#define OWN 8
#define TEAM ((C / OWN + 31) / 32 * 32)
#define WARPS (TEAM / 32)
#define FULL 0xffffffffu
#define FORWARD_BLOCKS ((640 + TEAM - 1) / TEAM) // of a multiprocessor: its loads fill the memory's latency

#ifdef __CUDACC_RTC__
#define ALIGNED alignas(16)
#else
#define ALIGNED alignas(4) // tensors of the host begin anywhere
#endif

struct ALIGNED Words { unsigned x, y, z, w; };
struct ALIGNED Floats { float x, y, z, w; };

__device__ __forceinline__ void load(float (&f)[OWN], const float *from)
{
    const Floats a = *(const Floats *)from, b = *(const Floats *)(from + 4);
    f[0] = a.x;
    f[1] = a.y;
    f[2] = a.z;
    f[3] = a.w;
    f[4] = b.x;
    f[5] = b.y;
    f[6] = b.z;
    f[7] = b.w;
}

__device__ __forceinline__ void load(float (&f)[OWN], const unsigned short *from)
{
    const Words words = *(const Words *)from;
    const unsigned pairs[4] = {words.x, words.y, words.z, words.w};
#pragma unroll
    for (int i = 0; i < 4; i++)
    {
        f[2 * i] = __uint_as_float(pairs[i] << 16);
        f[2 * i + 1] = __uint_as_float(pairs[i] & 0xffff0000u);
    }
}

__device__ __forceinline__ void store(float *to, const float (&f)[OWN])
{
    *(Floats *)to = Floats{f[0], f[1], f[2], f[3]};
    *(Floats *)(to + 4) = Floats{f[4], f[5], f[6], f[7]};
}

// The upper half of the result is the nearest bf16, ties to even.
__device__ __forceinline__ unsigned rounded(float f)
{
    const unsigned u = __float_as_uint(f);
    return u + 0x7fffu + ((u >> 16) & 1u);
}

__device__ __forceinline__ void store(unsigned short *to, const float (&f)[OWN])
{
    unsigned pairs[4];
#pragma unroll
    for (int i = 0; i < 4; i++) pairs[i] = (rounded(f[2 * i]) >> 16) | (rounded(f[2 * i + 1]) & 0xffff0000u);
    *(Words *)to = Words{pairs[0], pairs[1], pairs[2], pairs[3]};
}

__device__ __forceinline__ void clear(float (&f)[OWN])
{
#pragma unroll
    for (int i = 0; i < OWN; i++) f[i] = 0.0f;
}

// Σ over the 64 columns of a head, in all eight threads that have it.
__device__ __forceinline__ float sum_head(float s)
{
    for (int offset = 4; offset > 0; offset /= 2) s += __shfl_xor_sync(FULL, s, offset);
    return s;
}

// Σ over the row, in all threads, in the same order whatever runs beside it.
__device__ __forceinline__ float sum_row(float s)
{
    for (int offset = 16; offset > 0; offset /= 2) s += __shfl_xor_sync(FULL, s, offset);
#if WARPS > 1
    __shared__ float parts[WARPS];
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = s;
    __syncthreads();
    s = 0.0f;
    for (int w = 0; w < WARPS; w++) s += parts[w];
    __syncthreads();
#endif
    return s;
}

__device__ __forceinline__ float sum_own(const float (&f)[OWN])
{
    float s = 0.0f;
#pragma unroll
    for (int i = 0; i < OWN; i++) s += f[i];
    return s;
}

__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + __expf(-x)); }
