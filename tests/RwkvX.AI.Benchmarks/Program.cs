using System.Globalization;
using BenchmarkDotNet.Running;
using RwkvX.AI.Benchmarks;

if (args is ["matmul", ..])
{
    MatMulQuick.Run(args[1..]);
    return;
}

if (args is ["cpu-model", string path, ..])
{
    CpuModelQuick.Run(path, args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 0);
    return;
}

if (args is ["long-context", ..])
{
    LongContextQuick.Run(args[1..]);
    return;
}

if (args is ["batch", ..])
{
    BatchQuick.Run(args[1..]);
    return;
}

if (args is ["reopen", string stores, ..])
{
    ReopenQuick.Run(stores, args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 100_000);
    return;
}

if (args is ["constrained", ..])
{
    await ConstrainedQuick.RunAsync(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 0);
    return;
}

if (args is ["store", string folder, ..])
{
    StoreQuick.Run(folder, args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 64_000);
    return;
}

if (args is ["memory", string root, string part, ..])
{
    MemoryQuick.Run(root, part, args.Length > 3 ? int.Parse(args[3], CultureInfo.InvariantCulture) : null);
    return;
}

if (args is ["search", ..])
{
    SearchQuick.Run(args[1..]);
    return;
}

if (args is ["streams", ..])
{
    StreamsQuick.Run(args[1..]);
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
