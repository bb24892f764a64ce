// Training: a step of AdamW over all parameters at once, in pieces of PIECE elements. The moments of all parameters lie end to end.
//   m = β₁ m + (1 − β₁) g, v = β₂ v + (1 − β₂) g², p = keep p − rate m / (√(v unbias) + ε), g the gradient times clip; none is zero.
// Launch: a block of 256 threads a piece.

#include "adamw.cuh"

struct Args
{
    const long long *entries;
    const long long *gradients; // (parameters) address or 0
    const int *pieces;
    float *m, *v;
    float clip, beta1, rest1, beta2, rest2, keep, rate, unbias, epsilon;
};

extern "C" __global__ void __launch_bounds__(THREADS) adamw(const __grid_constant__ Args a)
{
    const Piece piece = piece_of_block(a.entries, a.pieces);
    const long long offset = a.entries[3 * piece.parameter + 1];
    float *p = (float *)a.entries[3 * piece.parameter];
    const float *gradient = (const float *)a.gradients[piece.parameter];
    for (long long i = piece.first + threadIdx.x; i < piece.end; i += THREADS)
    {
        const float g = gradient ? gradient[i] * a.clip : 0.0f;
        const float m = a.beta1 * a.m[offset + i] + a.rest1 * g, v = a.beta2 * a.v[offset + i] + a.rest2 * g * g;
        a.m[offset + i] = m;
        a.v[offset + i] = v;
        p[i] = a.keep * p[i] - a.rate * m / (sqrtf(v * a.unbias) + a.epsilon);
    }
}
