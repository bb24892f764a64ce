using RwkvX.AI.Testing;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

// libtorch uses all cores by itself.
[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: SkipGuard.Count, AssemblyFixture(typeof(SkipGuard))]
