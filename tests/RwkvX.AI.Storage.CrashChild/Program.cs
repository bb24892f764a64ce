using System.Globalization;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Storage;
using RwkvX.AI.Testing.Memory;
using RwkvX.AI.Testing.Stores;

// Works on a store and prints a line for each step that was acknowledged, until it is killed or done.
// Arguments: "store" or "memory", the store's folder, the script's seed; or "talk", the folder, the first step, after the last step, the retention policy.
int Number(int argument) => int.Parse(args[argument], CultureInfo.InvariantCulture);
IStateStore store = FileStateStore.Open(new FileStateStoreOptions { Root = args[1] });
await using Stream output = Console.OpenStandardOutput();
if (args[0] == "talk")
{
    await using LongTalk talk = await LongTalk.OpenAsync(store, RetentionPolicy.Parse(args[4]));
    for (int step = Number(2); step < Number(3); step++) Console.WriteLine(await talk.StepAsync(step));
    return;
}

StoreScript storeScript = new(Number(2));
MemoryScript memoryScript = new(Number(2));
await using MemoryHarness harness = MemoryHarness.Open(store);
while (true)
{
    if (args[0] == "memory") await memoryScript.Next()(harness);
    else await storeScript.Next()(store);
    await output.WriteAsync("\n"u8.ToArray());
    await output.FlushAsync();
}
