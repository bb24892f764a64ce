using RwkvX.AI.Testing;
using Xunit;

[assembly: SkipGuard.Count, AssemblyFixture(typeof(SkipGuard))]
