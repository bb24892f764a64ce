using RwkvX.AI.Torch.Cuda;
using Xunit;

namespace RwkvX.AI.Torch.Tests.Shortage;

/// <summary>Lets the n-th taking of memory fail, for every n, and looks at what is left.</summary>
/// <param name="failAt">The n-th from now fails; 0: none does.</param>
/// <param name="count">How often something was taken since then.</param>
/// <param name="taken">What is taken and not given back, as text.</param>
/// <param name="options">How models are loaded.</param>
internal sealed class ShortageRun(Action<int> failAt, Func<int> count, Func<string> taken, CudaModelOptions options)
{
    /// <summary>Loads a model with its states until nothing fails; every failure gives all back.</summary>
    /// <param name="step">From one n to the next.</param>
    public void Load(int step)
    {
        string before = taken();
        int failures = 0;
        for (int n = 1; ; n += step)
        {
            failAt(n);
            CudaException? error = Failure(() => new ShortageSubject(options).Dispose());
            bool reached = count() >= n;
            failAt(0);
            Assert.Equal(before, taken());
            if (!reached)
            {
                Tell("load", failures);
                return;
            }
            failures += error is null ? 0 : 1; // without ranges, or with what was put by, it goes on
            if (error is not (null or DeviceMemoryException))
                Assert.Equal("NVRTC_ERROR_COMPILATION", error.ErrorName);
        }
    }

    /// <summary>Does something until nothing fails; every failure leaves all as it was, and the same thing done again gives what it gives without failures.</summary>
    /// <param name="action">One of <see cref="ShortageSubject.Actions"/>.</param>
    /// <param name="fresh">A model of its own for every n; else what one failure leaves is there for the next.</param>
    public void Do(string action, bool fresh)
    {
        Func<ShortageSubject, string> act = ShortageSubject.Actions[action];
        string before = taken(), expected, states;
        using (ShortageSubject undisturbed = Filled())
            (expected, states) = (act(undisturbed), undisturbed.LastText());
        int failures = 0;
        bool reached = true;
        ShortageSubject? subject = null;
        try
        {
            for (int n = 1; reached; n++)
            {
                subject ??= Filled();
                string text = subject.Text(), found = "";
                failAt(n);
                CudaException? error = Failure(() => found = act(subject));
                reached = count() >= n;
                failAt(0);
                if (error is not null)
                {
                    failures++;
                    Assert.IsType<DeviceMemoryException>(error);
                    Assert.Equal(text, subject.Text());
                    if (!fresh)
                        continue;
                    found = act(subject);
                }
                Assert.Equal(expected, found);
                Assert.Equal(states, subject.LastText());
                subject.Dispose();
                subject = null;
                Assert.Equal(before, taken());
            }
        }
        finally
        {
            subject?.Dispose();
        }
        Tell(action, failures);
    }

    private static void Tell(string what, int failures)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: {failures} failures");
        Assert.True(failures > 0, "nothing failed: the test could not");
    }

    private ShortageSubject Filled()
    {
        ShortageSubject subject = new(options);
        subject.Fill();
        return subject;
    }

    private static CudaException? Failure(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (CudaException e)
        {
            return e;
        }
    }
}
