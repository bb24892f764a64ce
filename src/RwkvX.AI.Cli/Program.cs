using RwkvX.AI.Cli;

return await RwkvXTool.RunAsync(args, CliHost.OfProcess());
