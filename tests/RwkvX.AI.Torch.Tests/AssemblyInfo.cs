using RwkvX.AI.Testing;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

// The tests share one device and count its memory.
[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: SkipGuard.Count, AssemblyFixture(typeof(SkipGuard))]
