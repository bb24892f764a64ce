using Microsoft.Playwright;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.AspNetCore.Tests.Page;

/// <summary>The distribution's Chromium without a window; nothing is downloaded. Tests that need it skip where it is missing.</summary>
public sealed class ChromiumFixture : IAsyncLifetime
{
    private static readonly string[] Places =
        ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>The browser; skips the test if there is none.</summary>
    public IBrowser Browser
    {
        get
        {
            ScalarRun.SkipNative("Chromium");
            Assert.SkipWhen(_browser is null, $"no Chromium: expected one of {string.Join(", ", Places)} or the variable RWKVX_CHROMIUM (eng/install-chromium.sh installs it on Debian and Ubuntu)");
            return _browser;
        }
    }

    public async ValueTask InitializeAsync()
    {
        string? path = Environment.GetEnvironmentVariable("RWKVX_CHROMIUM") ?? Array.Find(Places, File.Exists);
        if (path is null || ScalarRun.IsShort) return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = path, Args = ["--no-sandbox", "--disable-dev-shm-usage"] });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}
