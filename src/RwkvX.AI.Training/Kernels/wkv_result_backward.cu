// Training: the gradient of wkv_result_forward; the norm is computed again. partials: (blocks, 2, C) f32, of weight and bias.
// Launch: ceil(rows / RUN) blocks of TEAM threads.

#include "wkv_result.cuh"

struct Args
{
    Inputs in;
    const number *g;
    float *d_y, *d_bonus;
    operand *d_v;
    number *d_gate;
    float *partials;
    int rows;
};

extern "C" __global__ void __launch_bounds__(TEAM) wkv_result_backward(const __grid_constant__ Args a)
{
    const int column = threadIdx.x * OWN, first = blockIdx.x * RUN;
    const int end = first + RUN < a.rows ? first + RUN : a.rows;
    const bool active = column < C;
    float weight[OWN], bias[OWN], d_weight[OWN], d_bias[OWN];
    clear(weight);
    clear(bias);
    clear(d_weight);
    clear(d_bias);
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
        float g[OWN], d_normal[OWN], d_gate[OWN], d_v[OWN], d_bonus = 0.0f, products = 0.0f;
        clear(g);
        if (active) load(g, a.g + at);
        for (int i = 0; i < OWN; i++)
        {
            d_gate[i] = g[i] * (y.normal[i] * weight[i] + bias[i] + y.bonus * y.v[i]);
            g[i] *= y.gate[i];
            d_v[i] = g[i] * y.bonus;
            d_bonus += g[i] * y.v[i];
            d_weight[i] += g[i] * y.normal[i];
            d_bias[i] += g[i];
            d_normal[i] = g[i] * weight[i];
            products += d_normal[i] * y.normal[i];
        }
        d_bonus = sum_head(d_bonus);
        const float mean = sum_head(sum_own(d_normal)) / 64, along = sum_head(products) / 64;
        if (!active) continue;
        for (int i = 0; i < OWN; i++) d_normal[i] = y.scale * (d_normal[i] - mean - y.normal[i] * along);
        store(a.d_y + at, d_normal);
        store(a.d_v + at, d_v);
        store(a.d_gate + at, d_gate);
        if (threadIdx.x % 8 == 0) a.d_bonus[at / 64] = d_bonus;
    }
    if (!active) return;
    float *partial = a.partials + (long long)blockIdx.x * 2 * C + column;
    store(partial, d_weight);
    store(partial + C, d_bias);
}
