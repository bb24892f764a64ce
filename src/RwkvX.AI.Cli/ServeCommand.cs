using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RwkvX.AI.AspNetCore;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx serve</c>: the OpenAI-compatible endpoint and the chat page.</summary>
internal static class ServeCommand
{
    private const string DefaultUrl = "http://127.0.0.1:5055", KeyVariable = "RWKVX_API_KEY";
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(5);

    public static Command Create(CliHost host)
    {
        ModelArguments model = new();
        Option<string> urls = new("--urls")
        {
            Description = "Where to listen; several with ';' between. Port 0 takes a free one.",
            HelpName = "URL",
            DefaultValueFactory = _ => DefaultUrl,
        };
        Option<string?> apiKey = new("--api-key")
        {
            Description = $"The key that requests must carry; without the flag what the variable {KeyVariable} says, or none.",
            HelpName = "KEY",
        };
        Option<string?> root = new("--root")
        {
            Description = "The folder in which conversations of requests with \"store\": true are kept; without it they last as long as the server.",
            HelpName = "DIR",
        };
        Option<bool> allowRemote = new("--allow-remote") { Description = "Let other machines ask although there is no key." };
        Option<int?> maxTokens = ModelArguments.Positive("--max-tokens", "Longest answer, in tokens.");
        Verb command = new("serve", "Serve a model to OpenAI's clients (/v1/chat/completions, /v1/models), with a chat page at /.",
            """
            rwkvx serve
            rwkvx serve --model my-model --urls http://127.0.0.1:8080
            rwkvx serve --urls http://0.0.0.0:8080 --api-key "$(cat key.txt)"

            OpenAI's clients need http://127.0.0.1:5055/v1 as their base URL and any API key.
            /health/live and /health/ready are for what watches it. Ctrl+C ends; answers under way may take 5 more seconds.
            """) { urls, apiKey, root, allowRemote, maxTokens };
        model.AddTo(command);
        command.Validators.Add(result =>
        {
            bool isOpen = result.GetValue(allowRemote) || Key(result.GetValue(apiKey)) is not null;
            if (CheckUrls(result.GetValue(urls) ?? DefaultUrl, isOpen) is { } error) result.AddError(error);
        });
        command.SetAction((result, cancellationToken) =>
        {
            WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.Services.AddRwkvX(options => model.Configure(result, options));
            builder.Services.AddHealthChecks().AddRwkvX();
            builder.Services.AddRwkvXEndpoint(options =>
            {
                options.ApiKey = Key(result.GetValue(apiKey));
                options.AllowRemoteWithoutKey = result.GetValue(allowRemote);
                options.MaxOutputTokens = result.GetValue(maxTokens);
            });
            if (result.GetValue(root) is { } folder) builder.Services.AddRwkvXStorage(folder);
            return RunAsync(host, builder, result.GetValue(urls)!, cancellationToken);
        });
        return command;
    }

    private static async Task RunAsync(CliHost host, WebApplicationBuilder builder, string urls, CancellationToken cancellationToken)
    {
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = Drain);
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None); // its errors are thrown, too
        builder.Logging.AddSimpleConsole(options => options.SingleLine = true);
        builder.Logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.AddServerHeader = false).UseUrls(urls);
        await using WebApplication app = builder.Build();
        app.MapRwkvX();
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = check => check.Tags.Contains("live") });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") });
        OpenStore(app.Services);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException { InnerException: AddressInUseException } or SocketException)
        {
            throw new CliException($"--urls: expected an address that is free on this machine, found {urls}: {e.Message}", e);
        }

        string name = app.Services.GetRequiredService<IChatClient>().GetService<ChatClientMetadata>()?.DefaultModelId ?? "";
        foreach (string address in app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features.Get<IServerAddressesFeature>()!.Addresses)
        {
            await host.Out.WriteLineAsync($"{name} at {address}/v1 for OpenAI's clients, and at {address}/ for people");
        }

        await host.Out.FlushAsync(CancellationToken.None);
        await app.WaitForShutdownAsync(cancellationToken);
    }

    private static void OpenStore(IServiceProvider services)
    {
        try
        {
            _ = services.GetService<IStateStore>(); // null without --root
        }
        catch (Exception e) when (e is StateStoreException or UnauthorizedAccessException or IOException)
        {
            throw new CliException($"--root: {e.Message}", e);
        }
    }

    private static string? Key(string? flag) =>
        flag ?? (Environment.GetEnvironmentVariable(KeyVariable) is { Length: > 0 } variable ? variable : null);

    /// <summary>What is wrong with the addresses; null if nothing.</summary>
    /// <param name="urls">The flag.</param>
    /// <param name="isOpen">Whether other machines may ask.</param>
    private static string? CheckUrls(string urls, bool isOpen)
    {
        foreach (string url in urls.Split(';', StringSplitOptions.TrimEntries))
        {
            // The wildcards of Kestrel are no host names.
            string plain = url.Replace("//*", "//0.0.0.0", StringComparison.Ordinal).Replace("//+", "//0.0.0.0", StringComparison.Ordinal);
            if (!Uri.TryCreate(plain, UriKind.Absolute, out Uri? uri) || uri.Scheme != "http" || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0)
                return $"--urls: expected http://ADDRESS:PORT, found '{url}'";
            bool isLoopback = uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
            if (!isLoopback && !isOpen)
                return $"--urls: expected a loopback address such as {DefaultUrl}, or --api-key KEY or --allow-remote with it, found '{url}'";
        }

        return null;
    }
}
