using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using RwkvX.AI.Torch.Cuda.Interop;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>Compiles the embedded kernel sources with NVRTC for one device, and keeps the results on disk.</summary>
/// <remarks>The key of a result is the source, the headers beside it, the options, the device's architecture, the driver and the compiler.</remarks>
internal sealed unsafe class KernelCompiler
{
    private readonly int _computeCapability;
    private readonly int _driverVersion;
    private readonly string? _folder;
    private readonly Assembly[] _sources; // kernels and headers are looked for in this order
    private int _compiled;

    /// <param name="computeCapability">To compile for, as <see cref="CudaDevice.ComputeCapability"/>.</param>
    /// <param name="driverVersion">Part of the key, as <see cref="CudaDevice.DriverVersion"/>.</param>
    /// <param name="folder">Where compiled kernels are kept; null keeps none.</param>
    /// <param name="sources">Whose resources the kernels and their headers are, which may include this assembly's; null for this assembly's alone.</param>
    public KernelCompiler(int computeCapability, int driverVersion, string? folder, Assembly? sources = null)
        => (_computeCapability, _driverVersion, _folder, _sources) = (computeCapability, driverVersion, folder, sources is null ? [Mine] : [sources, Mine]);

    private static Assembly Mine => typeof(KernelCompiler).Assembly;

    /// <summary>How many kernels were compiled rather than found on disk.</summary>
    public int CompiledCount => _compiled;

    /// <summary>The default place of compiled kernels, in the user's cache.</summary>
    public static string DefaultFolder => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } folder ? folder : Path.GetTempPath(),
        "RwkvX.AI", "kernels");

    /// <summary>The machine code of <c>{name}.cu</c>. May be called from several threads.</summary>
    /// <exception cref="CudaException">The compiler refused; the message holds its log.</exception>
    public byte[] Compile(string name, IReadOnlyList<string> defines)
    {
        string source = Source(name + ".cu");
        string[] headerNames = [.. _sources.SelectMany(assembly => assembly.GetManifestResourceNames()).Where(resource => resource.EndsWith(".cuh", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        string[] headers = [.. headerNames.Select(Source)];
        Check(Nvrtc.nvrtcVersion(out int major, out int minor), name, "nvrtcVersion");
        List<string> options = [$"--gpu-architecture=sm_{_computeCapability}", "--std=c++17", "--device-as-default-execution-space", .. defines];
        string key = $"{source}\0{string.Join('\0', headers)}\0{string.Join('\0', options)}\0{_driverVersion}\0{major}.{minor}";
        string? file = _folder is null ? null : Path.Combine(_folder, $"{name}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))[..32]}.cubin");
        if (file is not null && File.Exists(file))
            return File.ReadAllBytes(file);
        byte[] image = Compile(name, source, headerNames, headers, options);
        Interlocked.Increment(ref _compiled);
        if (file is not null)
            Keep(file, image);
        return image;
    }

    private string Source(string resource)
    {
        using Stream stream = _sources.Select(assembly => assembly.GetManifestResourceStream(resource)).FirstOrDefault(found => found is not null)
            ?? throw new CudaException("NO_SUCH_KERNEL", $"{resource} is not embedded", Path.GetFileNameWithoutExtension(resource));
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Written aside and moved into place, so that another process never reads half a file. A cache that cannot be written is no error.</summary>
    private static void Keep(string file, byte[] image)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            string aside = $"{file}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}";
            File.WriteAllBytes(aside, image);
            File.Move(aside, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static byte[] Compile(string name, string source, string[] headerNames, string[] headers, List<string> options)
    {
        byte[] sourceText = Terminated(source), nameText = Terminated(name + ".cu");
        GCHandle[] pins = [.. options.Concat(headers).Concat(headerNames).Select(text => GCHandle.Alloc(Terminated(text), GCHandleType.Pinned))];
        nint program = 0;
        try
        {
            byte** texts = stackalloc byte*[pins.Length];
            for (int i = 0; i < pins.Length; i++)
                texts[i] = (byte*)pins[i].AddrOfPinnedObject();
            byte** includes = texts + options.Count;
            fixed (byte* sourceAt = sourceText, nameAt = nameText)
                Check(Nvrtc.nvrtcCreateProgram(out program, sourceAt, nameAt, headers.Length, includes, includes + headers.Length), name, "");
            int result = Nvrtc.nvrtcCompileProgram(program, options.Count, texts);
            Check(result, name, result == 0 ? "" : Log(program));
            Check(Nvrtc.nvrtcGetCUBINSize(program, out nuint size), name, "");
            byte[] image = new byte[size];
            fixed (byte* data = image)
                Check(Nvrtc.nvrtcGetCUBIN(program, data), name, "");
            return image;
        }
        finally
        {
            if (program != 0)
                _ = Nvrtc.nvrtcDestroyProgram(ref program);
            foreach (GCHandle pin in pins)
                pin.Free();
        }
    }

    private static byte[] Terminated(string text) => Encoding.UTF8.GetBytes(text + "\0");

    private static string Log(nint program)
    {
        if (Nvrtc.nvrtcGetProgramLogSize(program, out nuint size) != 0 || size == 0)
            return "no log";
        byte[] log = new byte[size];
        fixed (byte* data = log)
            _ = Nvrtc.nvrtcGetProgramLog(program, data);
        return Encoding.UTF8.GetString(log).TrimEnd('\0', '\n');
    }

    private static void Check(int result, string kernel, string log)
    {
        if (result != 0)
            throw new CudaException(Marshal.PtrToStringUTF8((nint)Nvrtc.nvrtcGetErrorString(result)) ?? "NVRTC", $"{kernel}.cu: {log}", kernel);
    }
}
