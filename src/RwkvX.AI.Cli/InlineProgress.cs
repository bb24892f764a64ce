namespace RwkvX.AI.Cli;

/// <summary>Passes progress on at once; the framework's own class would post it to another thread.</summary>
internal sealed class InlineProgress<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
