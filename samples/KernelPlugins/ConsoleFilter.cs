using Microsoft.SemanticKernel;

/// <summary>Shows each call that the model makes, and what it gave; only those that worked are counted.</summary>
internal sealed class ConsoleFilter : IAutoFunctionInvocationFilter
{
    /// <summary>Names of the functions called so far.</summary>
    public List<string> Calls { get; } = [];

    public async Task OnAutoFunctionInvocationAsync(AutoFunctionInvocationContext context, Func<AutoFunctionInvocationContext, Task> next)
    {
        Console.Write($"  {context.Function.Name}({string.Join(", ", context.Arguments!.Select(argument => $"{argument.Key}: {argument.Value}"))})");
        await next(context);
        Console.WriteLine($" = {context.Result}");
        Calls.Add(context.Function.Name);
    }
}
