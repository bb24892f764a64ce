// Training: relu(x)², or with -DBACKWARD=1 its gradient 2 relu(x) g. x, g, out: count numbers, eight a thread.
// Launch: ceil(count / C) blocks of TEAM threads; C is as many as a block has.

#include "rows.cuh"

struct Args
{
    const number *x, *g;
    number *out;
    long long count;
};

extern "C" __global__ void __launch_bounds__(TEAM) squared_relu(const __grid_constant__ Args a)
{
    const long long at = ((long long)blockIdx.x * TEAM + threadIdx.x) * OWN;
    if (at >= a.count) return;
    float x[OWN];
    load(x, a.x + at);
    for (int i = 0; i < OWN; i++) x[i] = fmaxf(x[i], 0.0f);
#if BACKWARD
    float g[OWN];
    load(g, a.g + at);
    for (int i = 0; i < OWN; i++) x[i] *= 2.0f * g[i];
#else
    for (int i = 0; i < OWN; i++) x[i] *= x[i];
#endif
    store(a.out + at, x);
}
