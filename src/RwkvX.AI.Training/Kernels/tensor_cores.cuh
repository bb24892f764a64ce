// Products of tiles of bf16 on the tensor cores, sums in f32, and what feeds them. A tile in shared memory has rows of 64 elements.
// Tests that compile kernels for the host bring their own form of the functions between the conditions.

#define FULL 0xffffffffu
#define LOG2E 1.44269504f

typedef unsigned short number; // bf16

// The two of a word.
__device__ __forceinline__ float low_of(unsigned pair) { return __uint_as_float(pair << 16); }
__device__ __forceinline__ float high_of(unsigned pair) { return __uint_as_float(pair & 0xffff0000u); }

// The 16-byte pieces of a row are swapped by its number, so that eight rows of a matrix lie in different banks.
__device__ __forceinline__ int place(int row, int piece) { return row * 64 + ((piece ^ (row & 7)) * 8); }

#ifdef __CUDACC__
#define INFINITY __int_as_float(0x7f800000)

__device__ __forceinline__ unsigned shared_address(const void *p) { return (unsigned)__cvta_generic_to_shared(p); }

// c += A B: A 16 × 16 by rows, B 16 × 8 by columns, c 16 × 8. With g = lane / 4 and t = lane % 4: c at rows g, g, g + 8, g + 8 and columns
// 2t, 2t + 1; a, pairs of columns 2t: rows g, g + 8, then the same 8 columns on; b, pairs of rows 2t of column g, then 8 rows on.
__device__ __forceinline__ void multiply(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1)
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Four matrices of 8 × 8; lane l gives the address of row l % 8 of matrix l / 8, and gets columns 2t and 2t + 1 of row g of each.
__device__ __forceinline__ void load_matrices(unsigned (&m)[4], const number *p)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3]) : "r"(shared_address(p)) : "memory");
}

// The same of the transposed matrices: rows 2t and 2t + 1 of column g.
__device__ __forceinline__ void load_transposed(unsigned (&m)[4], const number *p)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3]) : "r"(shared_address(p)) : "memory");
}

// Two values as one word, the first in the low half.
__device__ __forceinline__ unsigned narrow_pair(float low, float high)
{
    unsigned u;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(u) : "f"(high), "f"(low));
    return u;
}

__device__ __forceinline__ float power_of_two(float f)
{
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(f));
    return y;
}

// 16 bytes from global to shared memory past the registers; zeros where `there` is false.
__device__ __forceinline__ void copy_async(void *shared, const void *global, bool there)
{
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(shared)), "l"(global), "r"(there ? 16 : 0) : "memory");
}
__device__ __forceinline__ void copy_wait() { asm volatile("cp.async.wait_all;" ::: "memory"); }
#endif
