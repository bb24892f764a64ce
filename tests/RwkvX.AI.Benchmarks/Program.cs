using BenchmarkDotNet.Running;
using RwkvX.AI.Benchmarks;

if (args is ["matmul", ..])
{
    MatMulQuick.Run(args[1..]);
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
