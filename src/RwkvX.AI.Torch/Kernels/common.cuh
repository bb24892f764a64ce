// Shared by every kernel: the 16-bit types, vector loads, reductions, programmatic dependent launch.
//
// Compile-time sizes, given by the host as -D options (a kernel is compiled for one model's shape):
//   C  width      F  inner width of the channel mix (4C)   H  heads (C / 64)     V  vocabulary
//   RW RA RV RG   ranks of the four LoRA pairs              WEIGHT  0 f32, 1 bf16, 2 f16: weights, activations and pages
//   CHUNK TOPK    sparse attention                          PAGE  tokens in a page (divides CHUNK)   SPARSE  sparse layers
//   EMB           element type of the embedding table, which stays as stored: 0 f32, 1 bf16, 2 f16
//   MATRIX        element type of the large matrices: 0 as WEIGHT, 1 int8, 2 e4m3, both with one f32 scale a row
// No toolkit header is included: an application that has only a driver and NVRTC must be able to compile this.

#define N 64
#define WARP 32
#define FULL 0xffffffffu
#define INFINITY __int_as_float(0x7f800000)

#if WEIGHT == 0
typedef float weight;
#else
typedef unsigned short weight;
#endif

// Elements in a 16-byte access.
#define VEC (16 / (int)sizeof(weight))

__device__ __forceinline__ float bf16_to_float(unsigned short u) { return __uint_as_float((unsigned)u << 16); }

__device__ __forceinline__ float f16_to_float(unsigned short u)
{
    float f;
    asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(u));
    return f;
}

#if WEIGHT == 0
__device__ __forceinline__ float widen(float f) { return f; }
__device__ __forceinline__ weight narrow(float f) { return f; }
#elif WEIGHT == 1
__device__ __forceinline__ float widen(unsigned short u) { return bf16_to_float(u); }
__device__ __forceinline__ weight narrow(float f)
{
    unsigned short u;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(u) : "f"(f));
    return u;
}
#else
__device__ __forceinline__ float widen(unsigned short u) { return f16_to_float(u); }
// Saturates: a relu² of 256² is beyond half precision, and infinity would poison the row.
__device__ __forceinline__ weight narrow(float f)
{
    unsigned short u;
    f = fminf(fmaxf(f, -65504.0f), 65504.0f);
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(u) : "f"(f));
    return u;
}
#endif

#if WEIGHT != 0
// Two values as one word of 16-bit elements, the first in the low half.
__device__ __forceinline__ unsigned narrow_pair(float low, float high)
{
    unsigned u;
#if WEIGHT == 1
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(u) : "f"(high), "f"(low));
#else
    low = fminf(fmaxf(low, -65504.0f), 65504.0f);
    high = fminf(fmaxf(high, -65504.0f), 65504.0f);
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(u) : "f"(high), "f"(low));
#endif
    return u;
}
#endif

// Two neighbouring elements; p is aligned to both.
__device__ __forceinline__ float2 widen_pair(const weight *p)
{
#if WEIGHT == 0
    return *(const float2 *)p;
#else
    const unsigned u = *(const unsigned *)p;
    return make_float2(widen((unsigned short)u), widen((unsigned short)(u >> 16)));
#endif
}

// The VEC elements of a 16-byte word.
__device__ __forceinline__ void widen_all(const uint4 word, float (&f)[VEC])
{
    const unsigned w[4] = {word.x, word.y, word.z, word.w};
#pragma unroll
    for (int i = 0; i < 4; i++)
    {
#if WEIGHT == 0
        f[i] = __uint_as_float(w[i]);
#elif WEIGHT == 1
        f[2 * i] = __uint_as_float(w[i] << 16);
        f[2 * i + 1] = __uint_as_float(w[i] & 0xffff0000u);
#else
        f[2 * i] = f16_to_float((unsigned short)w[i]);
        f[2 * i + 1] = f16_to_float((unsigned short)(w[i] >> 16));
#endif
    }
}

// The large matrices: elements `matrix`, MATRIX_VEC of them in a 16-byte access.
#if MATRIX == 0
typedef weight matrix;
#elif MATRIX == 1
typedef signed char matrix;
#define LARGEST 127.0f // symmetric: -128 is not used

// Each byte becomes the low end of a single's mantissa: 2^23 + q + 128, exactly; there are few units for conversion instructions.
__device__ __forceinline__ void widen_all(const uint4 word, float (&f)[16])
{
    const unsigned w[4] = {word.x, word.y, word.z, word.w};
#pragma unroll
    for (int i = 0; i < 16; i++)
        f[i] = __uint_as_float(__byte_perm(w[i / 4] ^ 0x80808080u, 0x4b000000u, 0x7440 + i % 4)) - 8388736.0f; // 2^23 + 128
}

__device__ __forceinline__ matrix quantize(float f) { return (matrix)fminf(fmaxf(rintf(f), -LARGEST), LARGEST); }
#else
typedef unsigned char matrix;
#define LARGEST 448.0f

__device__ __forceinline__ void widen_all(const uint4 word, float (&f)[16])
{
    const unsigned w[4] = {word.x, word.y, word.z, word.w};
#pragma unroll
    for (int i = 0; i < 8; i++)
    {
        unsigned halves;
        asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(halves) : "h"((unsigned short)(w[i / 2] >> 16 * (i % 2))));
        f[2 * i] = f16_to_float((unsigned short)halves);
        f[2 * i + 1] = f16_to_float((unsigned short)(halves >> 16));
    }
}

__device__ __forceinline__ matrix quantize(float f)
{
    unsigned short u;
    asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(u) : "f"(0.0f), "f"(f));
    return (matrix)u;
}
#endif
#define MATRIX_VEC (16 / (int)sizeof(matrix))

// Element i of a checkpoint's tensor; type 0 f32, 1 bf16, 2 f16, 3 int8 without its scale.
__device__ __forceinline__ float stored_element(const void *from, int type, long long i)
{
    if (type == 0) return ((const float *)from)[i];
    if (type == 3) return ((const signed char *)from)[i];
    const unsigned short u = ((const unsigned short *)from)[i];
    return type == 1 ? bf16_to_float(u) : f16_to_float(u);
}

__device__ __forceinline__ float warp_sum(float f)
{
#pragma unroll
    for (int m = 16; m > 0; m >>= 1) f += __shfl_xor_sync(FULL, f, m);
    return f;
}

__device__ __forceinline__ float warp_max(float f)
{
#pragma unroll
    for (int m = 16; m > 0; m >>= 1) f = fmaxf(f, __shfl_xor_sync(FULL, f, m));
    return f;
}

// Sum over a block of SIZE threads; every thread gets it. `shared` holds SIZE / 32 floats, and is free again after the next barrier.
template <int SIZE>
__device__ __forceinline__ float block_sum(float f, float *shared)
{
    f = warp_sum(f);
    if ((threadIdx.x & 31) == 0) shared[threadIdx.x >> 5] = f;
    __syncthreads();
    float total = 0;
#pragma unroll
    for (int i = 0; i < SIZE / WARP; i++) total += shared[i];
    return total;
}

__device__ __forceinline__ float sigmoid(float f) { return 1.0f / (1.0f + __expf(-f)); }

// tanh by the exact library form: the fast one loses what the decay's exponent needs.
__device__ __forceinline__ float tanh_of(float f) { return tanhf(f); }

// 0 < decay < 1: exp(-exp(-0.5) * sigmoid(f))
__device__ __forceinline__ float decay_of(float f) { return __expf(-0.60653066f * sigmoid(f)); } // exp(-0.5)

// Programmatic dependent launch (sm_90): the next kernel may start staging its weights now / what the previous one wrote is visible.
__device__ __forceinline__ void let_next_start() { asm volatile("griddepcontrol.launch_dependents;" ::: "memory"); }
__device__ __forceinline__ void wait_for_previous() { asm volatile("griddepcontrol.wait;" ::: "memory"); }

__device__ __forceinline__ unsigned shared_address(const void *p) { return (unsigned)__cvta_generic_to_shared(p); }

// 16 bytes from global to shared memory past the registers; zeros where `there` is false.
__device__ __forceinline__ void copy_async(void *shared, const void *global, bool there)
{
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(shared)), "l"(global), "r"(there ? 16 : 0) : "memory");
}
__device__ __forceinline__ void copy_async_word(void *shared, const void *global)
{
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(shared_address(shared)), "l"(global) : "memory");
}
__device__ __forceinline__ void copy_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int PENDING>
__device__ __forceinline__ void copy_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(PENDING) : "memory"); }

// Weights are read once a step: they pass by the L1 and leave the L2 first.
__device__ __forceinline__ uint4 load_once(const void *p)
{
    uint4 v;
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0,%1,%2,%3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(p));
    return v;
}

// The state of one sequence, in words of four bytes from its base; the layout that ModelShape.cs computes. All are f32 but S, which may be f16 (wkv_state.cuh).
//   RWKV layer i: att_x_prev (C), ffn_x_prev (C), S (H, 64, 64)       sparse layer i, after all of those: ffn_x_prev (C), key_sum (C)

// A page: for every sparse layer keys (H, PAGE, 64) and values (H, PAGE, 64), then for every sparse layer the mean key (C) f32 of
// the chunk that ends in this page. One page table a sequence: entry t / PAGE.
#define PAGE_PLANE ((long long)C * PAGE)
__device__ __forceinline__ weight *page_keys(unsigned long long page, int layer, int head)
{
    return (weight *)page + (2 * layer) * PAGE_PLANE + head * (PAGE * N);
}
__device__ __forceinline__ weight *page_values(unsigned long long page, int layer, int head)
{
    return (weight *)page + (2 * layer + 1) * PAGE_PLANE + head * (PAGE * N);
}
__device__ __forceinline__ float *page_mean(unsigned long long page, int layer, int head)
{
    return (float *)((weight *)page + 2 * SPARSE * PAGE_PLANE) + layer * C + head * N;
}
#define PAGES_PER_CHUNK (CHUNK / PAGE)

// A chunk that was dropped (CudaState.DropPages): its mean is not a number. No comparison finds such a score higher than anything, so nobody chooses it.

// The word before a page table says where the state's looks are counted, (chunks, SPARSE), or 0 where nobody counts.
__device__ __forceinline__ void count_look(const unsigned long long *table, int chunk, int layer)
{
    unsigned *looks = (unsigned *)table[-1];
    if (looks != nullptr && chunk >= 0) atomicAdd(looks + (long long)chunk * SPARSE + layer, 1u);
}
