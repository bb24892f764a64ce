using System.Reflection;
using Xunit;
using Xunit.v3;

namespace RwkvX.AI.Testing;

/// <summary>Fails a run in which every test was skipped: <c>[assembly: SkipGuard.Count, AssemblyFixture(typeof(SkipGuard))]</c>.</summary>
public sealed class SkipGuard : IDisposable
{
    private static int _started;
    private static int _skipped;

    /// <summary>Runs after the assembly's last test; an exception here is an error of the run.</summary>
    public void Dispose()
    {
        if (_started > 0 && _started == _skipped)
            throw new InvalidOperationException($"all {_started} tests that started were skipped: expected at least one to run");
    }

    /// <summary>Counts the tests that started and those that skipped themselves.</summary>
    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class CountAttribute : BeforeAfterTestAttribute
    {
        /// <inheritdoc/>
        public override void Before(MethodInfo methodUnderTest, IXunitTest test) => Interlocked.Increment(ref _started);

        /// <inheritdoc/>
        public override void After(MethodInfo methodUnderTest, IXunitTest test)
        {
            if (TestContext.Current.TestState?.Result == TestResult.Skipped) Interlocked.Increment(ref _skipped);
        }
    }
}
