using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Storage;
using RwkvX.AI.Testing.Stores;

// Runs a script on a store and prints a line for each step that was acknowledged, until it is killed.
// Arguments: the store's folder, the script's seed.
await using IStateStore store = FileStateStore.Open(new FileStateStoreOptions { Root = args[0] });
StoreScript script = new(int.Parse(args[1]));
await using Stream output = Console.OpenStandardOutput();
while (true)
{
    await script.Next()(store);
    await output.WriteAsync("\n"u8.ToArray());
    await output.FlushAsync();
}
