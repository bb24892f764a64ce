// Training: the piece of one parameter that a block of 256 threads has, of PIECE elements or what is left.

#define THREADS 256

struct Piece
{
    int parameter;
    long long first, end; // among the parameter's elements
};

// entries: (parameters, 3) address, first element among the moments, elements; pieces: (pieces, 2) parameter, piece of it
__device__ __forceinline__ Piece piece_of_block(const long long *entries, const int *pieces)
{
    const int parameter = pieces[2 * blockIdx.x];
    const long long first = (long long)pieces[2 * blockIdx.x + 1] * PIECE, count = entries[3 * parameter + 2];
    return {parameter, first, first + PIECE < count ? first + PIECE : count};
}
