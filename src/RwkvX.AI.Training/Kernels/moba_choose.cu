// Training: the past chunks that each query attends to, the CHOICES full ones with the highest q·mean(keys), ties to the lower index.
// Scores are sums in f32. They stay in shared memory: a warp holds the best so far of each of its queries in order, lane i the i-th.
// q: (B·H, T, 64); means: (B·H, chunks, 64) f32; chosen: (B·H, T, CHOICES), -1 where there are fewer. CHOICES is at most 32.
// Launch: (ceil(T / 64), B·H) blocks of 256 threads.

#include "number.cuh"

#define SIZE 64
#define TILE 64 // queries of a block, and chunks at a time
#define STRIDE (SIZE + 4)
#define THREADS 256
#define OWN (TILE * 32 / THREADS) // queries of a warp
#define FULL 0xffffffffu
#define LOWEST -3.4e38f

struct Args
{
    const number *q;
    const float *means;
    int *chosen;
    int tokens;
    int chunks;
};

extern "C" __global__ void __launch_bounds__(THREADS) moba_choose(const __grid_constant__ Args a)
{
    __shared__ __align__(16) float queries[TILE * STRIDE];
    __shared__ __align__(16) float tile[TILE * STRIDE]; // means, then the scores
    const int thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
    const int first = (gridDim.x - 1 - blockIdx.x) * TILE; // queries with the most behind them begin first
    const int rows = a.tokens - first < TILE ? a.tokens - first : TILE, past = (first + rows - 1) / CHUNK;
    const long long head = (long long)blockIdx.y * a.tokens + first;
    for (int e = thread; e < TILE * SIZE; e += THREADS)
        queries[e / SIZE * STRIDE + e % SIZE] = e / SIZE < rows ? widen(a.q[head * SIZE + e]) : 0.0f;

    float best[OWN];
    int id[OWN];
#pragma unroll
    for (int r = 0; r < OWN; r++)
    {
        best[r] = LOWEST;
        id[r] = -1;
    }
    const int x = thread % 16, y = thread / 16 * 4; // chunks x + 16 j of queries y + i
    for (int start = 0; start < past; start += TILE)
    {
        __syncthreads();
        for (int e = thread; e < TILE * SIZE; e += THREADS)
            tile[e / SIZE * STRIDE + e % SIZE] = start + e / SIZE < past ? a.means[((long long)blockIdx.y * a.chunks + start) * SIZE + e] : 0.0f;
        __syncthreads();
        float score[4][4] = {};
#pragma unroll 4
        for (int n = 0; n < SIZE; n += 4)
        {
            float4 q[4], mean[4];
#pragma unroll
            for (int i = 0; i < 4; i++)
            {
                q[i] = *(const float4 *)(queries + (y + i) * STRIDE + n);
                mean[i] = *(const float4 *)(tile + (x + 16 * i) * STRIDE + n);
            }
#pragma unroll
            for (int i = 0; i < 4; i++)
#pragma unroll
                for (int j = 0; j < 4; j++)
                {
                    score[i][j] += q[i].x * mean[j].x;
                    score[i][j] += q[i].y * mean[j].y;
                    score[i][j] += q[i].z * mean[j].z;
                    score[i][j] += q[i].w * mean[j].w;
                }
        }
        __syncthreads();
#pragma unroll
        for (int i = 0; i < 4; i++)
#pragma unroll
            for (int j = 0; j < 4; j++) tile[(y + i) * STRIDE + x + 16 * j] = score[i][j];
        __syncthreads();
#pragma unroll
        for (int r = 0; r < OWN; r++)
        {
            const int row = warp * OWN + r, own = (first + row) / CHUNK;
            for (int half = 0; half < TILE; half += 32)
            {
                const int chunk = start + half + lane;
                const float mine = chunk < own ? tile[row * STRIDE + half + lane] : LOWEST;
                // Chunks come in ascending order and only a strictly higher score displaces: ties go to the lower index.
                unsigned better = __ballot_sync(FULL, mine > __shfl_sync(FULL, best[r], CHOICES - 1));
                while (better != 0)
                {
                    const int from = __ffs(better) - 1;
                    const float comer = __shfl_sync(FULL, mine, from);
                    const int at = __popc(__ballot_sync(FULL, lane < CHOICES && best[r] >= comer));
                    const float up = __shfl_up_sync(FULL, best[r], 1);
                    const int up_id = __shfl_up_sync(FULL, id[r], 1);
                    if (lane >= at)
                    {
                        best[r] = lane == at ? comer : up;
                        id[r] = lane == at ? start + half + from : up_id;
                    }
                    better = __ballot_sync(FULL, mine > __shfl_sync(FULL, best[r], CHOICES - 1)) & ~((2u << from) - 1);
                }
            }
        }
    }
#pragma unroll
    for (int r = 0; r < OWN; r++)
        if (warp * OWN + r < rows && lane < CHOICES) a.chosen[(head + warp * OWN + r) * CHOICES + lane] = id[r];
}
