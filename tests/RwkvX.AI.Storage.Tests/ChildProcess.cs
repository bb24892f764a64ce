using System.Diagnostics;

namespace RwkvX.AI.Storage.Tests;

/// <summary>The program that works on a store in a process of its own.</summary>
internal static class ChildProcess
{
    /// <summary>Starts it, with its output to be read.</summary>
    public static Process Start(params string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "RwkvX.AI.Storage.CrashChild.dll");
        return Process.Start(new ProcessStartInfo("dotnet", ["exec", program, .. arguments]) { RedirectStandardOutput = true })!;
    }
}
