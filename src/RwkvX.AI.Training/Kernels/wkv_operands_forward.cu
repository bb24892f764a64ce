// Training: from the products of a time mix to the operands of its recurrence. Per column:
// ln w = -exp(-1/2) σ(w0 + low_w), a = σ(a0 + low_a), v ← v + (v_first - v) σ(v0 + low_v), κ = k k_k / |k k_k| over the head,
// k ← k + k (a - 1) k_a; and a head's bonus Σ r k r_k.
// r, k, v, v_first, low_*: (rows, C); out_*: (rows, C), ln w in f32, the others f32 or with -DNARROW=1 bf16; out_bonus: (rows, C / 64) f32.
// FIRST: layer 0, which has no v_first. out_r and out_v may be null: then they are r and v themselves. Launch: ceil(rows / RUN) blocks of TEAM threads.

#include "wkv_operands.cuh"

struct Args
{
    Inputs in;
    operand *out_r;
    float *out_log_w;
    operand *out_k, *out_v, *out_a, *out_b;
    float *out_bonus;
    int rows;
};

extern "C" __global__ void __launch_bounds__(TEAM) wkv_operands_forward(const __grid_constant__ Args a)
{
    const int column = threadIdx.x * OWN, first = blockIdx.x * RUN;
    const int end = first + RUN < a.rows ? first + RUN : a.rows;
    const bool active = column < C;
    Parameters p;
    p.read(a.in, column, active);
    for (int row = first; row < end; row++)
    {
        const long long at = (long long)row * C + column;
        Operands o;
        o.read(a.in, p, at, active);
        float log_w[OWN], minus[OWN], b[OWN], bonus = 0.0f;
        for (int i = 0; i < OWN; i++)
        {
            log_w[i] = DECAY * o.w[i];
            minus[i] = -o.kappa[i];
            b[i] = o.kappa[i] * o.a[i];
            bonus += o.r[i] * o.k_out[i] * p.r_k[i];
        }
        bonus = sum_head(bonus);
        if (!active) continue;
        if (a.out_r) store(a.out_r + at, o.r);
        store(a.out_log_w + at, log_w);
        store(a.out_k + at, o.k_out);
        if (a.out_v) store(a.out_v + at, o.v_out);
        store(a.out_a + at, minus);
        store(a.out_b + at, b);
        if (threadIdx.x % 8 == 0) a.out_bonus[at / 64] = bonus;
    }
}
