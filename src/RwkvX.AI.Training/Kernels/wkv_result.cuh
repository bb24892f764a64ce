// Training: a row of what the recurrence gave, as both directions read it.

#include "rows.cuh"

#define EPS 64e-5f

#if NARROW
typedef unsigned short operand;
#else
typedef float operand;
#endif

struct Inputs
{
    const float *y, *bonus;
    const operand *v;
    const number *gate;
    const float *weight, *bias;
};

struct Row
{
    float normal[OWN], v[OWN], gate[OWN];
    float scale, bonus;

    __device__ __forceinline__ void read(const Inputs &in, long long at, bool active)
    {
        clear(normal);
        clear(v);
        clear(gate);
        bonus = 0.0f;
        if (active)
        {
            load(normal, in.y + at);
            load(v, in.v + at);
            load(gate, in.gate + at);
            bonus = in.bonus[at / 64];
        }
        const float mean = sum_head(sum_own(normal)) / 64;
        float squares = 0.0f;
        for (int i = 0; i < OWN; i++)
        {
            normal[i] -= mean;
            squares += normal[i] * normal[i];
        }
        scale = 1.0f / sqrtf(sum_head(squares) / 64 + EPS);
        for (int i = 0; i < OWN; i++) normal[i] *= scale;
    }
};
