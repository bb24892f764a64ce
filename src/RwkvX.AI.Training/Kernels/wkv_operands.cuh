// Training: the operands of the recurrence at one row, as both directions compute them.

#include "rows.cuh"

#define DECAY -0.60653066f // -exp(-0.5)
#define LEAST 1e-12f       // of a norm

#if NARROW
typedef unsigned short operand;
#else
typedef float operand;
#endif

struct Inputs
{
    const number *r, *k, *v, *low_w, *low_a, *low_v, *v_first;
    const float *w0, *a0, *k_k, *k_a, *r_k, *v0;
};

struct Parameters
{
    float w0[OWN], a0[OWN], k_k[OWN], k_a[OWN], r_k[OWN], v0[OWN];

    __device__ __forceinline__ void read(const Inputs &in, int column, bool active)
    {
        clear(w0);
        clear(a0);
        clear(k_k);
        clear(k_a);
        clear(r_k);
        clear(v0);
        if (!active) return;
        load(w0, in.w0 + column);
        load(a0, in.a0 + column);
        load(k_k, in.k_k + column);
        load(k_a, in.k_a + column);
        load(r_k, in.r_k + column);
#if !FIRST
        load(v0, in.v0 + column);
#endif
    }
};

struct Operands
{
    float r[OWN], k[OWN], v[OWN], w[OWN], a[OWN], gate[OWN], v_first[OWN], kappa[OWN], k_out[OWN], v_out[OWN];
    float inverse; // of the head's norm
    bool has_norm; // above the least

    __device__ __forceinline__ void read(const Inputs &in, const Parameters &p, long long at, bool active)
    {
        clear(r);
        clear(k);
        clear(v);
        clear(w);
        clear(a);
        clear(gate);
        clear(v_first);
        if (active)
        {
            load(r, in.r + at);
            load(k, in.k + at);
            load(v, in.v + at);
            load(w, in.low_w + at);
            load(a, in.low_a + at);
#if !FIRST
            load(gate, in.low_v + at);
            load(v_first, in.v_first + at);
#endif
        }
        float squares = 0.0f;
        for (int i = 0; i < OWN; i++)
        {
            w[i] = sigmoid(p.w0[i] + w[i]);
            a[i] = sigmoid(p.a0[i] + a[i]);
            v_out[i] = v[i];
#if !FIRST
            gate[i] = sigmoid(p.v0[i] + gate[i]);
            v_out[i] += (v_first[i] - v[i]) * gate[i];
#endif
            kappa[i] = k[i] * p.k_k[i];
            squares += kappa[i] * kappa[i];
            k_out[i] = k[i] + k[i] * (a[i] - 1.0f) * p.k_a[i];
        }
        const float norm = sqrtf(sum_head(squares));
        has_norm = norm > LEAST;
        inverse = 1.0f / (has_norm ? norm : LEAST);
        for (int i = 0; i < OWN; i++) kappa[i] *= inverse;
    }
};
