// Elements of inputs: f32, or bf16 with -DBF16=1; arithmetic is f32 either way.

#if BF16
typedef unsigned short number;
__device__ __forceinline__ float widen(number u) { return __uint_as_float((unsigned)u << 16); }
__device__ __forceinline__ number narrow(float f)
{
    const unsigned u = __float_as_uint(f);
    return (number)((u + 0x7fffu + ((u >> 16) & 1u)) >> 16); // to nearest, ties to even; no NaN comes here that is not one already
}
#else
typedef float number;
__device__ __forceinline__ float widen(number f) { return f; }
__device__ __forceinline__ number narrow(float f) { return f; }
#endif
