using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RwkvX.AI.Storage;

/// <summary>Makes the names in a folder durable: a new file survives a power cut only once its folder does.</summary>
/// <remarks>.NET opens no folders; everything after open(2) is the runtime's own. Windows journals names by itself.</remarks>
internal static partial class DirectoryFlush
{
    private const int ReadOnly = 0; // O_RDONLY
    private const int CloseOnExecute = 0x80000; // O_CLOEXEC of Linux; other systems number it otherwise

    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        int descriptor = Open(folder, OperatingSystem.IsLinux() ? ReadOnly | CloseOnExecute : ReadOnly);
        if (descriptor < 0) throw new IOException($"{folder}: open: {Marshal.GetLastPInvokeErrorMessage()}");
        using SafeFileHandle handle = new(descriptor, ownsHandle: true);
        RandomAccess.FlushToDisk(handle);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
