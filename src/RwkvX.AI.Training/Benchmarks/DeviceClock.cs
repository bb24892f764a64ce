using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Benchmarks;

/// <summary>Times work on a device from an idle device to an idle device.</summary>
/// <param name="device">Where the work runs.</param>
internal sealed class DeviceClock(Device device)
{
    /// <summary>Seconds that some work takes.</summary>
    public double Time(Action work)
    {
        Wait();
        long started = Stopwatch.GetTimestamp();
        work();
        Wait();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>The middle of some times.</summary>
    public static double Median(IEnumerable<double> times)
    {
        double[] sorted = [.. times.Order()];
        return sorted[sorted.Length / 2];
    }

    private void Wait()
    {
        if (device.type == DeviceType.CUDA) cuda.synchronize();
    }
}
