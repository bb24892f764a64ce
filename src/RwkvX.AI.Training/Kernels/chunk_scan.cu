// Training: the states between chunks, S_{c+1} = S_c M_c + G_c from S_0 = 0; in reverse from the last chunk with M transposed, which is its gradient.
// m, g, states: (S, chunks, 64, 64) f32; states[c] is what was there before chunk c. Rows of S are independent: no block waits for another.
// Launch: (S, 4) blocks of 256 threads: 16 rows, four a thread.

#define SIZE 64
#define ROWS 16
#define THREADS 256
#define ELEMENTS (SIZE * SIZE / THREADS)

struct Args
{
    const float *m;
    const float *g;
    float *states;
    int chunks;
    int reverse;
};

extern "C" __global__ void __launch_bounds__(THREADS) chunk_scan(const __grid_constant__ Args a)
{
    __shared__ float m[SIZE][SIZE + 1]; // a column more: transposed writes fall into different banks
    __shared__ float s[ROWS][SIZE];
    const int thread = threadIdx.x, column = thread % SIZE, group = thread / SIZE, first = blockIdx.y * ROWS;
    const long long sequence = (long long)blockIdx.x * a.chunks * SIZE * SIZE;
    float state[4] = {0.0f, 0.0f, 0.0f, 0.0f}, ahead[ELEMENTS];

    const int start = a.reverse ? a.chunks - 1 : 0, step = a.reverse ? -1 : 1;
    for (int e = 0; e < ELEMENTS; e++)
        ahead[e] = a.m[sequence + (long long)start * SIZE * SIZE + e * THREADS + thread];
    for (int i = 0; i < a.chunks; i++)
    {
        const long long chunk = sequence + (long long)(start + i * step) * SIZE * SIZE;
        for (int e = 0; e < ELEMENTS; e++)
        {
            const int row = (e * THREADS + thread) / SIZE;
            if (a.reverse) m[column][row] = ahead[e];
            else m[row][column] = ahead[e];
        }
        float next[4];
        for (int r = 0; r < 4; r++)
        {
            const long long at = chunk + (first + group * 4 + r) * SIZE + column;
            a.states[at] = s[group * 4 + r][column] = state[r];
            next[r] = a.g[at];
        }
        __syncthreads();
        if (i + 1 < a.chunks) // the next matrix is on its way while this one is used
            for (int e = 0; e < ELEMENTS; e++)
                ahead[e] = a.m[chunk + step * SIZE * SIZE + e * THREADS + thread];
#pragma unroll 8
        for (int k = 0; k < SIZE; k++)
        {
            const float value = m[k][column];
            for (int r = 0; r < 4; r++) next[r] += s[group * 4 + r][k] * value;
        }
        for (int r = 0; r < 4; r++) state[r] = next[r];
        __syncthreads();
    }
}
