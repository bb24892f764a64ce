using RwkvX.AI.Torch.Eager;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Wkv;

/// <summary>The recurrence by chunks of L tokens: products of matrices inside a chunk, all chunks at once, and one scan over the states between them.</summary>
/// <remarks>
/// <para>With P_t = Π w up to t within a chunk and S_t = Ŝ_t·diag(P_t), the recurrence is Ŝ_t = Ŝ_{t−1} + u_t·b̃_tᵀ + v_t·k̃_tᵀ, where
/// u_t = Ŝ_{t−1}·ã_t, ã_t = a_t∘P_{t−1}, b̃ = b/P, k̃ = k/P, r̃ = r∘P. In rows over the chunk (L, N):
/// U = (I − tril(ÃB̃ᵀ, −1))⁻¹ (Ã·S₀ᵀ + tril(ÃK̃ᵀ, −1)·V), Y = R̃·S₀ᵀ + tril(R̃B̃ᵀ)·U + tril(R̃K̃ᵀ)·V, and
/// S_L = S₀·M + G with M = (I + WᵀB̃)·diag(P_L), G = (U₀ᵀB̃ + VᵀK̃)·diag(P_L), where W and U₀ are the two parts of U.</para>
/// <para>w ≥ exp(−exp(−½)) = 0.545, so 1/P stays below 2e4 for L = 16 and 7e16 for L = 64: within single precision. The triangular
/// system is solved by substitution; products (I + A)(I + A²)… cancel where keys repeat.</para>
/// <para>Memory is linear in T: chunk matrices are (L, L), and only the states between chunks are kept. docs/kernels/training.md has the derivation.</para>
/// </remarks>
/// <param name="chunk">L</param>
/// <param name="scan">S_{c+1} = S_c·M_c + G_c over the chunks: M, G (B·H, T/L, N, N) → the states before each chunk.</param>
internal sealed class ChunkedWkv(int chunk, Func<Tensor, Tensor, Tensor> scan)
{
    /// <summary>y (B, T, H, N) from r, ln w, k, v, a, b of the same shape.</summary>
    public Tensor Forward(Tensor r, Tensor logW, Tensor k, Tensor v, Tensor a, Tensor b)
    {
        (long B, long T, long H, long N) = (r.shape[0], r.shape[1], r.shape[2], r.shape[3]);
        long padding = (chunk - (T % chunk)) % chunk, chunks = (T + padding) / chunk;

        // A padded token has w = 1 and nothing else: the state passes through it.
        Tensor Chunks(Tensor x) => nn.functional.pad(x, [0, 0, 0, 0, 0, padding])
            .view(B, chunks, chunk, H, N).permute(0, 3, 1, 2, 4).reshape(B * H, chunks, chunk, N);

        using DisposeScope scope = NewDisposeScope();
        Tensor logP = Chunks(logW).cumsum(2);
        Tensor p = logP.exp(), inverse = (-logP).exp();
        Tensor aHat = Chunks(a) * (logP - Chunks(logW)).exp();
        Tensor bHat = Chunks(b) * inverse, kHat = Chunks(k) * inverse, rHat = Chunks(r) * p;
        Tensor V = Chunks(v), pEnd = p.narrow(2, chunk - 1, 1); // (B·H, chunks, 1, N)

        Tensor aab = aHat.matmul(bHat.mT).tril(-1), aak = aHat.matmul(kHat.mT).tril(-1);
        Tensor right = cat([aHat, aak.matmul(V)], -1);
        Tensor solved = linalg.solve_triangular(eye(chunk, dtype: r.dtype, device: r.device) - aab, right, upper: false, unitriangular: true);
        Tensor W = solved.narrow(-1, 0, N), U0 = solved.narrow(-1, N, N);

        Tensor bEnd = bHat * pEnd, kEnd = kHat * pEnd;
        Tensor M = diag_embed(pEnd.squeeze(2)).Plus(W.mT.matmul(bEnd));
        Tensor G = U0.mT.matmul(bEnd).Plus(V.mT.matmul(kEnd));
        Tensor S = scan(M, G); // (B·H, chunks, N, N) before each chunk

        Tensor U = W.matmul(S.mT).Plus(U0);
        Tensor y = rHat.matmul(S.mT).Plus(rHat.matmul(bHat.mT).tril().matmul(U)).Plus(rHat.matmul(kHat.mT).tril().matmul(V));
        return y.view(B, H, chunks * chunk, N).transpose(1, 2).narrow(1, 0, T).MoveToOuterDisposeScope();
    }
}
