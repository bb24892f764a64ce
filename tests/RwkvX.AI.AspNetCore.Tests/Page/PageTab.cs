using System.Collections.Concurrent;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace RwkvX.AI.AspNetCore.Tests.Page;

/// <summary>The chat page in a browser of its own, which must not complain and must not ask anybody else.</summary>
internal sealed class PageTab : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _complaints = [];
    private readonly Uri _address;

    private PageTab(IPage page, Uri address)
    {
        Page = page;
        _address = address;
        page.SetDefaultTimeout(30_000);
        page.PageError += (_, error) => _complaints.Enqueue(error);
        page.Console += (_, message) =>
        {
            // The browser reports every refused request as an error of its own; tests of refusals look at the page instead.
            if (message.Type is "error" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal)) _complaints.Enqueue(message.Text);
        };
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(address.ToString(), StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal))
                _complaints.Enqueue($"asked {request.Url}");
        };
    }

    /// <summary>The tab.</summary>
    public IPage Page { get; }

    /// <summary>All messages.</summary>
    public ILocator Messages => Page.Locator("#messages > li");

    /// <summary>What the model said last.</summary>
    public ILocator LastAnswer => Page.Locator("#messages > li.assistant").Last.Locator(".text");

    /// <summary>Opens the page.</summary>
    public static async Task<PageTab> OpenAsync(IBrowser browser, Uri address, int width = 1000, int height = 700)
    {
        IBrowserContext context = await browser.NewContextAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = width, Height = height } });
        PageTab tab = new(await context.NewPageAsync(), address);
        await tab.Page.GotoAsync(address.ToString());
        await tab.ReadyAsync();
        return tab;
    }

    /// <summary>Types a question and presses Enter.</summary>
    public async Task AskAsync(string question)
    {
        await Page.FillAsync("#input", question);
        await Page.PressAsync("#input", "Enter");
    }

    /// <summary>Waits until an answer is whole, stopped or failed.</summary>
    public async Task AnsweredAsync()
    {
        await Expect(Page.Locator("#messages .busy")).ToHaveCountAsync(0, new() { Timeout = 30_000 });
        await Expect(Page.Locator("#send")).ToBeVisibleAsync(new() { Timeout = 30_000 });
    }

    /// <summary>Loads the page again.</summary>
    public async Task ReloadAsync()
    {
        await Page.ReloadAsync();
        await ReadyAsync();
    }

    /// <summary>An element's text is this, soon.</summary>
    public static Task SaysAsync(ILocator element, string text) => Expect(element).ToHaveTextAsync(text, new() { Timeout = 30_000 });

    public async ValueTask DisposeAsync()
    {
        await Page.Context.CloseAsync();
        Assert.Empty(_complaints);
    }

    private async Task ReadyAsync() => await Page.WaitForSelectorAsync("body[data-ready=true], dialog[open]");
}
