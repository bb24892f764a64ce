using Xunit;

namespace RwkvX.AI.Testing;

/// <summary>The second run of all tests, without hardware intrinsics (<c>DOTNET_EnableHWIntrinsic=0</c>): the scalar forms of all kernels, up to ten times as slow.</summary>
/// <remarks>What scalar forms cannot change is left to the first run, and what only repeats is repeated less often. RWKVX_SCALAR_FULL=1 runs everything in full.</remarks>
public static class ScalarRun
{
    /// <summary>Whether this is that run, in its short form.</summary>
    public static bool IsShort { get; } =
        Environment.GetEnvironmentVariable("DOTNET_EnableHWIntrinsic") == "0" && Environment.GetEnvironmentVariable("RWKVX_SCALAR_FULL") != "1";

    /// <summary>How often to repeat.</summary>
    /// <param name="usual">In every other run.</param>
    /// <param name="scalar">In this one.</param>
    public static int Count(int usual, int scalar) => IsShort ? scalar : usual;

    /// <summary>Skips a test of code that knows nothing of .NET's instruction sets.</summary>
    /// <param name="what">The code, such as <c>NVRTC</c>.</param>
    public static void SkipNative(string what) => Assert.SkipWhen(IsShort, $"{what} is the same without .NET's hardware intrinsics: the run with them has this test");
}
