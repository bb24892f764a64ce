// Training, bf16: δ = Σ dY·Y of each query, for moba_backward_tiles.cu. dy: (rows, 64); y: the same in f32; delta: (rows) f32.
// Launch: ceil(rows / 8) blocks of 256 threads: a warp a row.

#include "tensor_cores.cuh"

#define SIZE 64

struct Args
{
    const number *dy;
    const float *y;
    float *delta;
    int rows;
};

extern "C" __global__ void __launch_bounds__(256) moba_delta(const __grid_constant__ Args a)
{
    const int lane = threadIdx.x % 32, row = blockIdx.x * 8 + threadIdx.x / 32;
    if (row >= a.rows) return;
    const long long at = (long long)row * SIZE + lane * 2;
    const unsigned dy = *(const unsigned *)(a.dy + at);
    const float2 y = *(const float2 *)(a.y + at);
    float sum = low_of(dy) * y.x + high_of(dy) * y.y;
    for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_xor_sync(FULL, sum, offset);
    if (lane == 0) a.delta[row] = sum;
}
