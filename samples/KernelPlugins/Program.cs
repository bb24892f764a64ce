// A kernel with plugins over the embedded model.
//   dotnet run --project samples/KernelPlugins
// The model was not trained to call functions: left to itself it seldom does, and its choice of arguments means nothing. What the client
// vouches for, with any model, is the form: a required call comes, of a function that is there, with arguments that fit its schema.
using Microsoft.SemanticKernel;
using RwkvX.AI.SemanticKernel;

Kernel kernel = Kernel.CreateBuilder().AddRwkvXChatCompletion().Build();
KernelPlugin lamps = kernel.Plugins.AddFromType<LampPlugin>("lamps");
ConsoleFilter filter = new();
kernel.AutoFunctionInvocationFilters.Add(filter);
FunctionChoiceBehaviorOptions once = new() { AllowParallelCalls = false };

await AskAsync("Required, one function without arguments", "How many lamps are on?", FunctionChoiceBehavior.Required([lamps["Count"]], options: once));
await AskAsync("Required, arguments of an enum and a bool", "Please switch on the lamp in the hall.", FunctionChoiceBehavior.Required([lamps["Switch"]], options: once));
await AskAsync("Auto: the model decides", "How many lamps are on?", FunctionChoiceBehavior.Auto());

bool isRight = filter.Calls is ["Count", "Switch", ..];
Console.WriteLine(isRight ? "Both required calls were made." : $"Expected calls of Count and Switch, found {string.Join(", ", filter.Calls)}.");
return isRight ? 0 : 1;

async Task AskAsync(string how, string prompt, FunctionChoiceBehavior behavior)
{
    Console.WriteLine($"{how}\n? {prompt}");
    RwkvXPromptExecutionSettings settings = new() { Temperature = 0, MaxTokens = 100, FunctionChoiceBehavior = behavior };
    FunctionResult answer = await kernel.InvokePromptAsync(prompt, new KernelArguments(settings));
    Console.WriteLine($"> {answer}\n");
}
