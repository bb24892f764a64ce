// Training: the gradient of wkv_operands_forward; the operands are computed again. d_v and d_v_bonus are of the two uses of v.
// g_*: gradients of the results, in their types; d_*: of the inputs; partials: (blocks, 6, C) f32, of w0, a0, k_k, k_a, r_k, v0.
// Launch: ceil(rows / RUN) blocks of TEAM threads.

#include "wkv_operands.cuh"

struct Args
{
    Inputs in;
    const operand *g_r;
    const float *g_log_w;
    const operand *g_k, *g_v, *g_a, *g_b, *g_v_bonus;
    const float *g_bonus;
    number *d_r, *d_k, *d_v, *d_low_w, *d_low_a, *d_low_v, *d_v_first;
    float *partials;
    int rows;
};

extern "C" __global__ void __launch_bounds__(TEAM) wkv_operands_backward(const __grid_constant__ Args a)
{
    const int column = threadIdx.x * OWN, first = blockIdx.x * RUN;
    const int end = first + RUN < a.rows ? first + RUN : a.rows;
    const bool active = column < C;
    Parameters p;
    p.read(a.in, column, active);
    float sums[6][OWN];
    for (int s = 0; s < 6; s++) clear(sums[s]);
    for (int row = first; row < end; row++)
    {
        const long long at = (long long)row * C + column;
        Operands o;
        o.read(a.in, p, at, active);
        float g[OWN], d_kappa[OWN], d_a[OWN], d_k[OWN], along = 0.0f;
        clear(d_kappa);
        if (active)
        {
            load(g, a.g_a + at);
            load(d_a, a.g_b + at);
            for (int i = 0; i < OWN; i++)
            {
                d_kappa[i] = d_a[i] * o.a[i] - g[i];
                d_a[i] *= o.kappa[i];
                along += d_kappa[i] * o.kappa[i];
            }
        }
        along = sum_head(along);
        if (!active) continue;

        const float bonus = a.g_bonus[at / 64];
        load(g, a.g_r + at);
        load(d_k, a.g_k + at);
        for (int i = 0; i < OWN; i++)
        {
            sums[4][i] += bonus * o.r[i] * o.k_out[i];
            g[i] += bonus * o.k_out[i] * p.r_k[i];
            const float d_out = d_k[i] + bonus * o.r[i] * p.r_k[i];
            sums[3][i] += d_out * o.k[i] * (o.a[i] - 1.0f);
            d_a[i] += d_out * o.k[i] * p.k_a[i];
            const float d_scaled = (d_kappa[i] - (o.has_norm ? o.kappa[i] * along : 0.0f)) * o.inverse; // of k k_k
            sums[2][i] += d_scaled * o.k[i];
            d_k[i] = d_out * (1.0f + (o.a[i] - 1.0f) * p.k_a[i]) + d_scaled * p.k_k[i];
            d_a[i] *= o.a[i] * (1.0f - o.a[i]);
            sums[1][i] += d_a[i];
        }
        store(a.d_r + at, g);
        store(a.d_k + at, d_k);
        store(a.d_low_a + at, d_a);

        load(g, a.g_log_w + at);
        for (int i = 0; i < OWN; i++)
        {
            g[i] *= DECAY * o.w[i] * (1.0f - o.w[i]);
            sums[0][i] += g[i];
        }
        store(a.d_low_w + at, g);

        float d_v[OWN];
        load(d_v, a.g_v + at);
        load(g, a.g_v_bonus + at);
        for (int i = 0; i < OWN; i++) d_v[i] += g[i];
#if !FIRST
        float d_first[OWN], d_gate[OWN];
        for (int i = 0; i < OWN; i++)
        {
            d_first[i] = d_v[i] * o.gate[i];
            d_gate[i] = d_v[i] * (o.v_first[i] - o.v[i]) * o.gate[i] * (1.0f - o.gate[i]);
            sums[5][i] += d_gate[i];
            d_v[i] -= d_first[i];
        }
        store(a.d_v_first + at, d_first);
        store(a.d_low_v + at, d_gate);
#endif
        store(a.d_v + at, d_v);
    }
    if (!active) return;
    for (int s = 0; s < 6; s++) store(a.partials + ((long long)blockIdx.x * 6 + s) * C + column, sums[s]);
}
