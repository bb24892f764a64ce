using RwkvX.AI.Torch.Native;
using TorchSharp;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>Finding and loading libtorch; that a product comes out right shows that the shim runs.</summary>
public sealed class LibTorchTests
{
    [Fact]
    public void Load_ApplicationsPackage_ComputesAProduct()
    {
        LibTorchTest.Require();
        using torch.Tensor product = torch.tensor(new float[] { 1, 2, 3, 4 }, 2, 2).matmul(torch.tensor(new float[] { 5, 6 }, 2, 1));
        Assert.Equal([17f, 39f], product.data<float>().ToArray());
        Assert.NotNull(LibTorch.Folder);
        LibTorch.Load("/nowhere"); // a process holds one libtorch: later calls do nothing
    }

    [Fact]
    public void Find_FolderWithoutLibTorch_NamesFolderAndFile()
    {
        string folder = Path.Combine(Path.GetTempPath(), "no-libtorch-here");
        LibTorchException error = Assert.Throws<LibTorchException>(() => LibTorchFiles.Find(folder, LibTorchFiles.ApplicationFolders()));
        Assert.Contains(folder, error.Message, StringComparison.Ordinal);
        Assert.Contains("torch_cpu", error.Message, StringComparison.Ordinal);
        Assert.Contains(LibTorch.PathVariable, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_ApplicationWithoutPackage_SaysWhichToAdd()
    {
        LibTorchException error = Assert.Throws<LibTorchException>(() => LibTorchFiles.Find(null, ["/app", "/app/runtimes/linux-x64/native"]));
        Assert.Contains("/app or /app/runtimes/linux-x64/native", error.Message, StringComparison.Ordinal);
        Assert.Contains("libtorch-cpu-linux-x64", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_PythonInstall_ReadsItsVersion() => WithInstall("version.py", "from typing import Optional\n__version__ = '2.9.1+cu128'\ncuda = '12.8'\n", files =>
    {
        Assert.Equal("2.9.1+cu128", files.Version);
        Assert.Equal(["c10", "torch_cpu", "torch", "c10_cuda", "torch_cuda", "LibTorchSharp"],
            files.LoadOrder(cuda: true).Select(f => Path.GetFileNameWithoutExtension(f).Replace("lib", "", StringComparison.Ordinal)));
    });

    [Theory]
    [InlineData("build-version", "2.10.0+cpu\n", "2.10.0+cpu")]
    [InlineData("build-version", "2.11.1", "2.11.1")]
    [InlineData("version.py", "__version__ = '2.10.0'\n", "2.10.0")]
    [InlineData("version.py", "cuda = '12.8'\n", null)]
    [InlineData("build-version", "\n", null)]
    [InlineData(null, "", null)]
    public void CheckVersion_OneThatFits_OrNoneStated_Passes(string? file, string text, string? version) => WithInstall(file, text, files =>
    {
        Assert.Equal(version, files.Version);
        files.CheckVersion();
    });

    [Theory]
    [InlineData("build-version", "2.9.1+cu128\n", "2.9.1+cu128")]
    [InlineData("version.py", "__version__ = '2.1.0'\n", "2.1.0")]
    [InlineData("build-version", "2.100.0", "2.100.0")]
    public void CheckVersion_AnotherOne_SaysWhatIsNeededAndWhatWasFound(string file, string text, string version) => WithInstall(file, text, files =>
    {
        LibTorchException error = Assert.Throws<LibTorchException>(files.CheckVersion);
        Assert.StartsWith($"{files.Folder}: expected libtorch 2.10 or 2.11, which TorchSharp needs, found {version}. ", error.Message, StringComparison.Ordinal);
    });

    [Theory]
    [InlineData("/lib/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by /app/libLibTorchSharp.so)", "install-libstdcxx.sh")]
    [InlineData("/app/libLibTorchSharp.so: undefined symbol: _ZN5torch3jit", "this is 2.9.1")]
    [InlineData("libcuda.so.1: cannot open shared object file: No such file or directory", "driver")]
    [InlineData("libgomp.so.1: cannot open shared object file: No such file or directory", "missing")]
    public void Message_OfTheLoader_SaysHowToMendIt(string line, string mend)
    {
        string error = $"Unable to load shared library '/app/x.so' or one of its dependencies.\n{line}\n/app/x.so.so: cannot open shared object file";
        string message = LibTorchRemedy.Message("/app/x.so", error, "2.9.1");
        Assert.Contains(line, message, StringComparison.Ordinal);
        Assert.Contains(mend, message, StringComparison.Ordinal);
    }

    /// <summary>A made-up install: empty libraries, and beside their folder a file that may say the version.</summary>
    private static void WithInstall(string? versionFile, string text, Action<LibTorchFiles> check)
    {
        string root = Directory.CreateTempSubdirectory("rwkvx-").FullName;
        try
        {
            string lib = Directory.CreateDirectory(Path.Combine(root, "torch", "lib")).FullName;
            if (versionFile is not null)
                File.WriteAllText(Path.Combine(root, "torch", versionFile), text);
            foreach (string name in (string[])["torch_cpu", "LibTorchSharp"])
                foreach (string file in (string[])[$"lib{name}.so", $"{name}.dll", $"lib{name}.dylib"])
                    File.WriteAllText(Path.Combine(lib, file), "");
            check(LibTorchFiles.Find(lib, [lib]));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
