// The matrices S of a layer as they lie in a state, (H, 64, 64) elements behind two vectors: STATE 0 f32, 2 f16. Arithmetic is f32 in both.
// A store to f16 rounds to the nearest, a tie to even, and what is beyond the finite range becomes ±65504: an element that is too large decays and is right again
// some tokens later, while infinity never decays, and infinity less infinity is not a number, in this row and soon in all logits. What is not a number stays so.

#if STATE == 0
typedef float state_element;
typedef float4 state_quad; // four elements
__device__ __forceinline__ float4 widen_quad(state_quad q) { return q; }
__device__ __forceinline__ state_quad narrow_quad(float4 f) { return f; }
#else
typedef unsigned short state_element;
typedef uint2 state_quad;

__device__ __forceinline__ float4 widen_quad(state_quad q)
{
    return make_float4(f16_to_float((unsigned short)q.x), f16_to_float((unsigned short)(q.x >> 16)),
                       f16_to_float((unsigned short)q.y), f16_to_float((unsigned short)(q.y >> 16)));
}

__device__ __forceinline__ state_quad narrow_quad(float4 f)
{
    state_quad q;
    asm("cvt.rn.satfinite.f16x2.f32 %0, %1, %2;" : "=r"(q.x) : "f"(f.y), "f"(f.x));
    asm("cvt.rn.satfinite.f16x2.f32 %0, %1, %2;" : "=r"(q.y) : "f"(f.w), "f"(f.z));
    return q;
}
#endif
