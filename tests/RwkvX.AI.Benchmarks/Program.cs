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

if (args is ["store", string folder, ..])
{
    StoreQuick.Run(folder, args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 64_000);
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
