using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RwkvX.AI.AspNetCore.Access;

namespace RwkvX.AI.AspNetCore.Page;

/// <summary>The chat page: plain files, embedded in this assembly, which ask nobody but this server.</summary>
internal static class ChatPage
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly Dictionary<string, string> Types = new()
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    };

    /// <summary>Maps the page and its files.</summary>
    /// <param name="group">Where they go.</param>
    /// <param name="guard">Stands around them; the page needs no key, it asks for it.</param>
    public static void Map(RouteGroupBuilder group, RequestGuard guard)
    {
        const string Prefix = "page/";
        foreach (string name in typeof(ChatPage).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            byte[] content = Read(name);
            string tag = $"\"{Convert.ToHexString(SHA256.HashData(content), 0, 8)}\"";
            RequestDelegate handler = guard.Around(context => SendAsync(context, content, Types[Path.GetExtension(name)], tag), needsKey: false);
            group.MapMethods(name == "page/index.html" ? "/" : name, [HttpMethods.Get, HttpMethods.Head], handler);
        }
    }

    private static async Task SendAsync(HttpContext context, byte[] content, string type, string tag)
    {
        context.Response.Headers.ETag = tag;
        context.Response.Headers.CacheControl = "no-cache"; // asked for again, but not sent again
        context.Response.Headers.ContentSecurityPolicy = Policy;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        if (context.Request.Headers.IfNoneMatch == tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = type;
        context.Response.ContentLength = content.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(content, context.RequestAborted).ConfigureAwait(false);
    }

    private static byte[] Read(string name)
    {
        using Stream resource = typeof(ChatPage).Assembly.GetManifestResourceStream(name)!;
        byte[] content = new byte[resource.Length];
        resource.ReadExactly(content);
        return content;
    }
}
