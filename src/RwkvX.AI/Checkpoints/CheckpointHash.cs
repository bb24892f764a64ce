using System.Security.Cryptography;
using System.Text;

namespace RwkvX.AI.Checkpoints;

/// <summary>SHA-256 over all tensors of a checkpoint: the same for the same weights, whatever file they lie in.</summary>
internal static class CheckpointHash
{
    /// <summary>Hashes every tensor on all cores, then their names, types, shapes and hashes in the order of the names.</summary>
    /// <returns>64 hexadecimal digits.</returns>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed.</exception>
    public static string Compute(Checkpoint checkpoint)
    {
        CheckpointTensor[] tensors = [.. checkpoint.Tensors.Values.OrderBy(tensor => tensor.Name, StringComparer.Ordinal)];
        byte[][] contents = new byte[tensors.Length][];
        Parallel.For(0, tensors.Length, i => contents[i] = HashContent(tensors[i]));
        using IncrementalHash all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < tensors.Length; i++)
        {
            all.AppendData(Encoding.UTF8.GetBytes($"{tensors[i].Name}\0{tensors[i].Type}\0{TensorShape.Format(tensors[i].Shape)}\0"));
            all.AppendData(contents[i]);
        }

        return Convert.ToHexStringLower(all.GetHashAndReset());
    }

    private static byte[] HashContent(CheckpointTensor tensor)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        tensor.AppendTo(hash);
        return hash.GetHashAndReset();
    }
}
