// Training: from what the recurrence gave to the input of the output product: (GN(y) weight + bias + bonus v) gate, GN over each head of 64.
// y: (rows, C) f32; bonus: (rows, C / 64) f32; v: (rows, C), f32 or with -DNARROW=1 bf16; gate, out: (rows, C); weight, bias: (C) f32.
// Launch: ceil(rows / RUN) blocks of TEAM threads.

#include "wkv_result.cuh"

struct Args
{
    Inputs in;
    number *out;
    int rows;
};

extern "C" __global__ void __launch_bounds__(TEAM, FORWARD_BLOCKS) wkv_result_forward(const __grid_constant__ Args a)
{
    const int column = threadIdx.x * OWN, first = blockIdx.x * RUN;
    const int end = first + RUN < a.rows ? first + RUN : a.rows;
    const bool active = column < C;
    float weight[OWN], bias[OWN];
    if (active)
    {
        load(weight, a.in.weight + column);
        load(bias, a.in.bias + column);
    }
    for (int row = first; row < end; row++)
    {
        const long long at = (long long)row * C + column;
        Row y;
        y.read(a.in, at, active);
        if (!active) continue;
        float out[OWN];
        for (int i = 0; i < OWN; i++) out[i] = (y.normal[i] * weight[i] + bias[i] + y.bonus * y.v[i]) * y.gate[i];
        store(a.out + at, out);
    }
}
