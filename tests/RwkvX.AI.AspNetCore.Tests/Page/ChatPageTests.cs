using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace RwkvX.AI.AspNetCore.Tests.Page;

/// <summary>The chat page in a real browser, over a scripted client.</summary>
public sealed class ChatPageTests(ChromiumFixture chromium) : IClassFixture<ChromiumFixture>
{
    [Fact]
    public async Task Send_AnswerStreamsIn_ThenFiguresAreShown()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        TaskCompletionSource goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Client.Script = (_, _, token) => InTwoParts("Hello", goOn.Task, ", world.", token);
        await using PageTab tab = await PageTab.OpenAsync(chromium.Browser, host.Address);

        await tab.AskAsync("Hi there");
        await PageTab.SaysAsync(tab.LastAnswer, "Hello"); // while the rest is still to come
        await Expect(tab.Page.Locator("#stop")).ToBeVisibleAsync();
        await Expect(tab.Page.Locator("#messages")).ToHaveAttributeAsync("aria-busy", "true");
        goOn.SetResult();
        await tab.AnsweredAsync();

        await PageTab.SaysAsync(tab.LastAnswer, "Hello, world.");
        await PageTab.SaysAsync(tab.Page.Locator("#messages > li.user .text"), "Hi there");
        await PageTab.SaysAsync(tab.Page.Locator("#remembered"), "18");
        await PageTab.SaysAsync(tab.Page.Locator("#messages > li.assistant .meta"), "5 tokens known, 6 read, 7 written");
        await Expect(tab.Page.Locator("#writing")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^[0-9,]+$"));
        await Expect(tab.Page.Locator("#messages")).ToHaveAttributeAsync("aria-busy", "false");
        Assert.Equal("Hi there", Assert.Single(host.Client.Request.Messages).Text);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_KeepsWhatWasSaid_AndCancelsTheTurn(bool byKey)
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Client.Script = (_, _, token) => ThenNothing("Once upon a time", cancelled, token);
        await using PageTab tab = await PageTab.OpenAsync(chromium.Browser, host.Address);
        await tab.AskAsync("Tell me a story");
        await PageTab.SaysAsync(tab.LastAnswer, "Once upon a time");

        if (byKey) await tab.Page.Keyboard.PressAsync("Escape");
        else await tab.Page.ClickAsync("#stop");
        await tab.AnsweredAsync();

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await PageTab.SaysAsync(tab.LastAnswer, "Once upon a time");
        await PageTab.SaysAsync(tab.Page.Locator("#messages .state").Last, "Stopped.");

        host.Client.Script = (_, _, _) => ScriptedChatClient.Say("The end.");
        await tab.AskAsync("Go on");
        await tab.AnsweredAsync();
        await PageTab.SaysAsync(tab.LastAnswer, "The end.");
        Assert.Equal(["Tell me a story", "Once upon a time", "Go on"], host.Client.Requests.Last().Messages.Select(message => message.Text));
    }

    [Fact]
    public async Task Reload_GoesOnWithTheSameConversation()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        await using PageTab tab = await PageTab.OpenAsync(chromium.Browser, host.Address);
        await tab.AskAsync("First");
        await tab.AnsweredAsync();

        await tab.ReloadAsync();
        await Expect(tab.Messages).ToHaveCountAsync(2);
        await PageTab.SaysAsync(tab.LastAnswer, "Hello, world.");
        await PageTab.SaysAsync(tab.Page.Locator("#remembered"), "18");
        await tab.AskAsync("Second");
        await tab.AnsweredAsync();

        await Expect(tab.Messages).ToHaveCountAsync(4);
        Assert.Equal(["First", "Hello, world.", "Second"], host.Client.Requests.Last().Messages.Select(message => message.Text));
        Assert.Equal([ChatRole.User, ChatRole.Assistant, ChatRole.User], host.Client.Requests.Last().Messages.Select(message => message.Role));
    }

    [Fact]
    public async Task Reload_InMidAnswer_CancelsItAndKeepsTheQuestion()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Client.Script = (_, _, token) => ThenNothing("Well", cancelled, token);
        await using PageTab tab = await PageTab.OpenAsync(chromium.Browser, host.Address);
        await tab.AskAsync("A question");
        await PageTab.SaysAsync(tab.LastAnswer, "Well");

        await tab.ReloadAsync();

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await PageTab.SaysAsync(tab.Page.Locator("#messages > li.user .text"), "A question");
        await PageTab.SaysAsync(tab.Page.Locator("#messages .state").Last, "Stopped.");

        host.Client.Script = (_, _, _) => ScriptedChatClient.Say("Here it is.");
        await tab.AskAsync("Go on");
        await tab.AnsweredAsync();
        await PageTab.SaysAsync(tab.LastAnswer, "Here it is.");
        Assert.Equal("A question", host.Client.Requests.Last().Messages[0].Text);
        Assert.Equal("Go on", host.Client.Requests.Last().Messages[^1].Text);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Document_AttachedOrDropped_GoesBeforeTheQuestion(bool isDropped)
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        await using PageTab tab = await PageTab.OpenAsync(chromium.Browser, host.Address);
        const string Text = "The minutes.\n\nLeo was there – ünïcödé.";
        if (isDropped) await DropAsync(tab.Page, "minutes.txt", Text);
        else await tab.Page.SetInputFilesAsync("#files", new FilePayload { Name = "minutes.txt", MimeType = "text/plain", Buffer = Encoding.UTF8.GetBytes(Text) });
        await PageTab.SaysAsync(tab.Page.Locator("#documents .chip span"), "minutes.txt");

        await tab.AskAsync("Who was there?");
        await tab.AnsweredAsync();

        ChatMessage message = Assert.Single(host.Client.Request.Messages);
        DataContent document = Assert.IsType<DataContent>(message.Contents[0]);
        Assert.Equal((Text, "minutes.txt"), (Encoding.UTF8.GetString(document.Data.Span), document.Name));
        Assert.Equal("Who was there?", message.Text);
        await Expect(tab.Page.Locator("#documents")).ToBeHiddenAsync();
        await tab.ReloadAsync();
        await PageTab.SaysAsync(tab.Page.Locator("#messages .chip span"), "minutes.txt");
    }

    [Fact]
    public async Task Document_NoText_IsRefusedWithItsName()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        await using PageTab tab = await PageTab.OpenAsync(chromium.Browser, host.Address);
        await tab.Page.SetInputFilesAsync("#files", new FilePayload { Name = "a.png", MimeType = "image/png", Buffer = [0x89, 0x50, 0, 0] });
        await PageTab.SaysAsync(tab.Page.Locator("#notice"), "a.png: expected a text file, found other bytes");
        await Expect(tab.Page.Locator("#documents")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Error_IsShown_AndTheNextQuestionWorks()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        host.Client.Fail(new ArgumentException("Prompt: expected fewer tokens, found more"));
        await using PageTab tab = await PageTab.OpenAsync(chromium.Browser, host.Address);
        await tab.AskAsync("One");
        await tab.AnsweredAsync();
        await PageTab.SaysAsync(tab.Page.Locator("#messages .failed .state"), "Prompt: expected fewer tokens, found more");

        host.Client.Script = (_, _, _) => ScriptedChatClient.Say("Fine.");
        await tab.AskAsync("Two");
        await tab.AnsweredAsync();
        await PageTab.SaysAsync(tab.LastAnswer, "Fine.");
    }

    [Fact]
    public async Task ApiKey_IsAskedForAndSent()
    {
        await using EndpointHost host = await EndpointHost.StartAsync(options => options.ApiKey = "secret-1");
        await using PageTab tab = await PageTab.OpenAsync(chromium.Browser, host.Address);
        await tab.Page.FillAsync("#key", "wrong");
        await tab.Page.PressAsync("#key", "Enter");
        await Expect(tab.Page.Locator("#key")).ToHaveValueAsync(""); // asked again
        await tab.Page.FillAsync("#key", "secret-1");
        await tab.Page.PressAsync("#key", "Enter");
        await PageTab.SaysAsync(tab.Page.Locator("#model option"), "scripted-1");
        await tab.AskAsync("Hi");
        await tab.AnsweredAsync();
        await PageTab.SaysAsync(tab.LastAnswer, "Hello, world.");
    }

    [Fact]
    public async Task HostileAnswer_StaysText()
    {
        const string Text = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script> `<b>` **<i>x</i>**";
        await using EndpointHost host = await EndpointHost.StartAsync();
        host.Client.Script = (_, _, _) => ScriptedChatClient.Say(Text, "\n```html\n<u>code</u>\n```\nend");
        await using PageTab tab = await PageTab.OpenAsync(chromium.Browser, host.Address);
        await tab.AskAsync("<b>Hi</b>");
        await tab.AnsweredAsync();

        await PageTab.SaysAsync(tab.Page.Locator("#messages > li.user .text"), "<b>Hi</b>");
        await PageTab.SaysAsync(tab.LastAnswer.Locator("pre code"), "<u>code</u>");
        Assert.Equal(0, await tab.LastAnswer.Locator("img, script, b, i, u").CountAsync());
        Assert.Contains("<img src=x", await tab.LastAnswer.InnerTextAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("taken", await tab.Page.TitleAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewChat_StartsAfresh_AndHistoryLeadsBack()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        await using PageTab tab = await PageTab.OpenAsync(chromium.Browser, host.Address);
        await tab.AskAsync("About bees");
        await tab.AnsweredAsync();
        await tab.Page.ClickAsync("#new");
        await Expect(tab.Messages).ToHaveCountAsync(0);
        await tab.AskAsync("About trees");
        await tab.AnsweredAsync();
        Assert.Equal(["About trees"], host.Client.Requests.Last().Messages.Select(message => message.Text));

        await tab.Page.ClickAsync("#history-button");
        await Expect(tab.Page.Locator("#conversations .open")).ToHaveCountAsync(2);
        await tab.Page.ClickAsync("#conversations .open:has-text('About bees')");
        await PageTab.SaysAsync(tab.Page.Locator("#messages > li.user .text"), "About bees");
        await tab.ReloadAsync();
        await PageTab.SaysAsync(tab.Page.Locator("#messages > li.user .text"), "About bees");
    }

    [Fact]
    public async Task Settings_ReachTheRequest_AndStay()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        await using PageTab tab = await PageTab.OpenAsync(chromium.Browser, host.Address);
        await tab.Page.ClickAsync("#settings-button");
        await tab.Page.FillAsync("#temperature", "0");
        await tab.Page.FillAsync("#max-tokens", "40");
        await tab.Page.FillAsync("#instructions", "Be brief.");
        await tab.ReloadAsync();
        await tab.AskAsync("Hi");
        await tab.AnsweredAsync();

        (IReadOnlyList<ChatMessage> messages, ChatOptions options) = host.Client.Request;
        Assert.Equal((0f, 40), (options.Temperature, options.MaxOutputTokens));
        Assert.Equal([(ChatRole.System, "Be brief."), (ChatRole.User, "Hi")], messages.Select(message => (message.Role, message.Text)));
    }

    [Fact]
    public async Task Keys_ShiftEnterIsALine_EmptyIsNotSent()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        await using PageTab tab = await PageTab.OpenAsync(chromium.Browser, host.Address);
        await tab.Page.PressAsync("#input", "Enter");
        await Expect(tab.Page.Locator("#send")).ToBeDisabledAsync();
        await tab.Page.Locator("#input").PressSequentiallyAsync("One");
        await tab.Page.PressAsync("#input", "Shift+Enter");
        await tab.Page.Locator("#input").PressSequentiallyAsync("Two");
        await tab.Page.PressAsync("#input", "Enter");
        await tab.AnsweredAsync();
        Assert.Equal("One\nTwo", Assert.Single(host.Client.Request.Messages).Text);
    }

    [Theory]
    [InlineData(360, 640)]
    [InlineData(1400, 900)]
    public async Task Layout_FitsTheWindow_AndEveryControlHasAName(int width, int height)
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        host.Client.Script = (_, _, _) => ScriptedChatClient.Say(new string('x', 400), "\n```\n", new string('y', 400), "\n```");
        await using PageTab tab = await PageTab.OpenAsync(chromium.Browser, host.Address, width, height);
        await tab.AskAsync(new string('z', 300));
        await tab.AnsweredAsync();

        Assert.True(await tab.Page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width);
        Assert.True(await tab.Page.EvaluateAsync<bool>("document.getElementById('composer').getBoundingClientRect().bottom <= innerHeight"));
        string[] nameless = await tab.Page.EvaluateAsync<string[]>("""
            [...document.querySelectorAll('button, input:not([hidden]), textarea, select')]
              .filter(e => !(e.ariaLabel || e.textContent.trim() && e.tagName === 'BUTTON' || e.title || e.labels?.length))
              .map(e => e.outerHTML)
            """);
        Assert.Empty(nameless);
    }

    private static async Task DropAsync(IPage page, string name, string text) => await page.EvaluateAsync(
        """
        ([name, text]) => {
          const data = new DataTransfer();
          data.items.add(new File([text], name, { type: 'text/plain' }));
          for (const type of ['dragover', 'drop']) document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
        }
        """,
        new[] { name, text });

    private static async IAsyncEnumerable<AIContent> InTwoParts(string first, Task goOn, string second, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new TextContent(first);
        await goOn.WaitAsync(cancellationToken);
        yield return new TextContent(second);
    }

    private static async IAsyncEnumerable<AIContent> ThenNothing(
        string text, TaskCompletionSource cancelled, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new TextContent(text);
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            cancelled.TrySetResult();
        }
    }
}
