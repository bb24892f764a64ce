// Prefill: an activation in place: 1 tanh, 2 sigmoid, 3 relu². Launch: any number of blocks of 256 threads; 16 bytes a thread and turn.

#include "common.cuh"

struct Args
{
    weight *y;
    long long words;  // 16-byte words
    int activation;
};

extern "C" __global__ void __launch_bounds__(256) rows_activate(const __grid_constant__ Args a)
{
    for (long long i = blockIdx.x * 256LL + threadIdx.x; i < a.words; i += gridDim.x * 256LL)
    {
        float f[VEC];
        union { uint4 word; weight w[VEC]; } u;
        u.word = ((const uint4 *)a.y)[i];
        widen_all(u.word, f);
#pragma unroll
        for (int j = 0; j < VEC; j++)
        {
            if (a.activation == 1) f[j] = tanh_of(f[j]);
            else if (a.activation == 2) f[j] = sigmoid(f[j]);
            else { f[j] = fmaxf(f[j], 0.0f); f[j] *= f[j]; }
            u.w[j] = narrow(f[j]);
        }
        ((uint4 *)a.y)[i] = u.word;
    }
}
