using System.Diagnostics;
using System.Globalization;
using RwkvX.AI.Training.Distributed;
using TorchSharp;

namespace RwkvX.AI.Cli;

/// <summary>The other processes of a training run over several devices: this program again, each with a device and a number of its own. They end with this one.</summary>
internal sealed class TrainingProcesses : IDisposable
{
    private const string IdVariable = "RWKVX_NCCL_ID", DevicesVariable = "CUDA_VISIBLE_DEVICES";

    private readonly List<Process> _others = [];
    private NcclProcessGroup? _group;
    private bool _isOver;

    /// <summary>Starts processes 1 and on.</summary>
    /// <param name="arguments">Of this program.</param>
    /// <param name="count">Processes in all.</param>
    public TrainingProcesses(string[] arguments, int count)
    {
        if (count > torch.cuda.device_count()) throw new CliException($"--devices: expected at most {torch.cuda.device_count()}, the CUDA devices of this machine, found {count}");
        string id = NcclProcessGroup.NewId();
        string[] devices = Environment.GetEnvironmentVariable(DevicesVariable) is { Length: > 0 } named
            ? named.Split(',')
            : [.. Enumerable.Range(0, count).Select(device => device.ToString(CultureInfo.InvariantCulture))];
        for (int rank = 1; rank < count; rank++)
        {
            Process other = new() { StartInfo = Again([.. arguments, "--rank", rank.ToString(CultureInfo.InvariantCulture)]), EnableRaisingEvents = true };
            other.StartInfo.Environment[IdVariable] = id;
            other.StartInfo.Environment[DevicesVariable] = devices[rank];
            string name = $"process {rank} of {count}";
            other.Exited += (_, _) => Ended(name, other);
            other.Start();
            _others.Add(other);
        }

        _group = new NcclProcessGroup(id, 0, count);
    }

    /// <summary>The group, this process its first.</summary>
    public NcclProcessGroup Group => _group!;

    /// <summary>Joins as one of the others, and ends this process when the first one has ended.</summary>
    public static NcclProcessGroup Join(int rank, int count)
    {
        string id = Environment.GetEnvironmentVariable(IdVariable) ?? throw new CliException($"--rank: expected {IdVariable}, which a run with --devices sets for its processes");
        new Thread(() =>
        {
            while (Console.In.Read() >= 0) { } // a pipe that the first process holds
            Environment.Exit(1);
        })
        { IsBackground = true }.Start();
        return new NcclProcessGroup(id, rank, count);
    }

    public void Dispose()
    {
        _isOver = true;
        _group?.Dispose();
        foreach (Process other in _others)
        {
            other.StandardInput.Close();
            if (!other.WaitForExit(TimeSpan.FromSeconds(20))) other.Kill();
            other.Dispose();
        }
    }

    private void Ended(string name, Process process)
    {
        if (_isOver || process.ExitCode == 0) return;
        string failure = $"{name} ended with exit code {process.ExitCode}";
        if (_group is { } group) group.Abort(failure);
        else Environment.FailFast(failure); // while the group still gathers, which cannot be stopped otherwise
    }

    /// <summary>How this program is started with other arguments.</summary>
    private static ProcessStartInfo Again(string[] arguments)
    {
        string program = Environment.ProcessPath!, first = Environment.GetCommandLineArgs()[0];
        bool hosted = Path.GetFileNameWithoutExtension(program) == "dotnet" && first.EndsWith(".dll", StringComparison.Ordinal);
        return new ProcessStartInfo(program, hosted ? [first, .. arguments] : arguments) { RedirectStandardInput = true };
    }
}
