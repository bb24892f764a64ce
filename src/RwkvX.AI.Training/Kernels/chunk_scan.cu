// Training: the states between chunks, S_{c+1} = S_c M_c + G_c from S_0 = 0; in reverse from the last chunk with M transposed, which is its gradient.
// m, g, states: (S, chunks, 64, 64) f32; states[c] is what was there before chunk c. Rows of S are independent: no block waits for another.
// OWN_ROWS, 1 to 4: rows of a thread. Launch: (S, 16 / OWN_ROWS) blocks of 256 threads, 4·OWN_ROWS rows each: few sequences want many blocks with short steps.

#define SIZE 64
#define ROWS (4 * OWN_ROWS)
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
    const int thread = threadIdx.x, column = thread % SIZE, group = thread / SIZE, row = blockIdx.y * ROWS + group * OWN_ROWS;
    const int start = a.reverse ? a.chunks - 1 : 0, step = a.reverse ? -SIZE * SIZE : SIZE * SIZE;
    long long chunk = ((long long)blockIdx.x * a.chunks + start) * SIZE * SIZE;
    float state[OWN_ROWS], ahead_m[ELEMENTS], ahead_g[OWN_ROWS];
#pragma unroll
    for (int e = 0; e < ELEMENTS; e++) ahead_m[e] = a.m[chunk + e * THREADS + thread];
#pragma unroll
    for (int r = 0; r < OWN_ROWS; r++)
    {
        ahead_g[r] = a.g[chunk + (row + r) * SIZE + column];
        state[r] = 0.0f;
    }
    for (int i = 0; i < a.chunks; i++, chunk += step)
    {
#pragma unroll
        for (int e = 0; e < ELEMENTS; e++)
        {
            const int from = (e * THREADS + thread) / SIZE;
            if (a.reverse) m[column][from] = ahead_m[e];
            else m[from][column] = ahead_m[e];
        }
        float next[OWN_ROWS];
#pragma unroll
        for (int r = 0; r < OWN_ROWS; r++)
        {
            a.states[chunk + (row + r) * SIZE + column] = s[group * OWN_ROWS + r][column] = state[r];
            next[r] = ahead_g[r];
        }
        __syncthreads();
        if (i + 1 < a.chunks) // the next matrices are on their way while these are used
        {
#pragma unroll
            for (int e = 0; e < ELEMENTS; e++) ahead_m[e] = a.m[chunk + step + e * THREADS + thread];
#pragma unroll
            for (int r = 0; r < OWN_ROWS; r++) ahead_g[r] = a.g[chunk + step + (row + r) * SIZE + column];
        }
        float odd[OWN_ROWS];
#pragma unroll
        for (int r = 0; r < OWN_ROWS; r++) odd[r] = 0.0f;
#pragma unroll 8
        for (int k = 0; k < SIZE; k += 2)
        {
            const float even_value = m[k][column], odd_value = m[k + 1][column];
#pragma unroll
            for (int r = 0; r < OWN_ROWS; r++)
            {
                next[r] += s[group * OWN_ROWS + r][k] * even_value;
                odd[r] += s[group * OWN_ROWS + r][k + 1] * odd_value;
            }
        }
#pragma unroll
        for (int r = 0; r < OWN_ROWS; r++) state[r] = next[r] + odd[r];
        __syncthreads();
    }
}
