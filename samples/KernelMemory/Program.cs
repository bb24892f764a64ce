// A kernel that remembers: it reads notes in a first run, is suspended, and answers about them in a second one over the same folder.
//   dotnet run --project samples/KernelMemory
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;
using RwkvX.AI.Memory;
using RwkvX.AI.SemanticKernel;
using RwkvX.AI.Sessions.Stores;

const string Conversation = "notes";
DirectoryInfo root = Directory.CreateTempSubdirectory("rwkvx-kernel-memory-");
int right = 0;
try
{
    Console.WriteLine("First run: reads the notes.");
    await using (ServiceProvider services = Open())
    {
        RwkvXContextProvider provider = (RwkvXContextProvider)services.GetRequiredService<AIContextProvider>();
        await provider.ConversationCreatedAsync(Conversation);
        await using Stream notes = typeof(Program).Assembly.GetManifestResourceStream("notes.txt")!;
        AppendResult read = await services.GetRequiredService<IRwkvXMemory>().AppendAsync(new ConversationKey("default", Conversation), notes);
        Console.WriteLine($"  {read.Tokens} tokens read");
        await AskAsync(services, "In which city does Leo live?", "Accra");
        await provider.SuspendingAsync(Conversation); // a checkpoint
    }

    Console.WriteLine("Second run: opens the folder and goes on.");
    await using (ServiceProvider services = Open())
    {
        RwkvXContextProvider provider = (RwkvXContextProvider)services.GetRequiredService<AIContextProvider>();
        await provider.ResumingAsync(Conversation); // back to it
        await AskAsync(services, "When does the archive team meet?", "13:30");
        await AskAsync(services, "What is the access code of the garden room?", "23902");

        // The same memory for a kernel over another model: what it recalls goes into that model's instructions.
        AIContext context = await provider.ModelInvokingAsync([new ChatMessage(ChatRole.User, "In which city does Leo live?")]);
        Console.WriteLine($"For another model's instructions: \"{context.Instructions}\"; and a function: {context.AIFunctions[0].Name}");
    }
}
finally
{
    root.Delete(recursive: true);
}

Console.WriteLine($"{right} of 3 right");
return right >= 2 ? 0 : 1;

ServiceProvider Open() => new ServiceCollection()
    .AddRwkvXStorage(root.FullName)
    .AddRwkvXChatCompletion()
    .AddRwkvXContextProvider()
    .AddKernel().Services.BuildServiceProvider();

async Task AskAsync(IServiceProvider services, string question, string expected)
{
    Kernel kernel = services.GetRequiredService<Kernel>();
    RwkvXPromptExecutionSettings settings = new() { ConversationId = Conversation, Temperature = 0, MaxTokens = 40 };
    FunctionResult answer = await kernel.InvokePromptAsync("{{$question}}", new KernelArguments(settings) { ["question"] = question });
    bool isRight = answer.ToString().Contains(expected, StringComparison.OrdinalIgnoreCase);
    right += isRight ? 1 : 0;
    Console.WriteLine($"  ? {question}\n  > {answer}  ({(isRight ? "right" : $"wrong: {expected}")})");
}
