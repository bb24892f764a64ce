using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using RwkvX.AI.AspNetCore.Errors;

namespace RwkvX.AI.AspNetCore.Access;

/// <summary>Who may ask: whoever knows the key, or, where there is none, this machine alone.</summary>
internal sealed class AccessCheck
{
    private const string Scheme = "Bearer ";

    private readonly byte[]? _keyHash; // of one length for every key, so that comparing tells nothing, not even the length
    private readonly bool _allowRemote;

    /// <summary>Takes the key over.</summary>
    public AccessCheck(IOptions<RwkvXEndpointOptions> options)
    {
        _keyHash = options.Value.ApiKey is { } key ? Hash(key) : null;
        _allowRemote = options.Value.AllowRemoteWithoutKey;
    }

    /// <summary>Lets a request pass or throws.</summary>
    /// <param name="context">The request.</param>
    /// <param name="needsKey">Whether it must carry the key, if there is one; the page itself need not.</param>
    /// <exception cref="ApiException">401 without the right key; 403 from another machine where there is no key.</exception>
    public void Check(HttpContext context, bool needsKey)
    {
        if (_keyHash is null)
        {
            if (!_allowRemote) CheckLocal(context);
        }
        else if (needsKey)
        {
            CheckKey(context.Request.Headers.Authorization.ToString());
        }
    }

    private void CheckKey(string authorization)
    {
        string given = authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? authorization[Scheme.Length..].Trim() : "";
        if (CryptographicOperations.FixedTimeEquals(Hash(given), _keyHash)) return;
        string found = authorization.Length == 0 ? "no Authorization header" : "another key";
        throw new ApiException(
            StatusCodes.Status401Unauthorized,
            ApiException.InvalidRequest,
            $"Authorization: expected 'Bearer' and this server's API key, found {found}",
            code: "invalid_api_key");
    }

    // The names are checked too: a page from elsewhere may have its own name point at this machine, and a browser sends what it asks.
    private static void CheckLocal(HttpContext context)
    {
        bool isLocal = context.Connection.RemoteIpAddress is not { } address || IPAddress.IsLoopback(address);
        if (!isLocal) throw Forbidden("a request from this machine, as there is no API key", $"one from {context.Connection.RemoteIpAddress}");
        HostString host = context.Request.Host;
        if (host.HasValue && !IsLoopback(host.Host)) throw Forbidden("'localhost' or a loopback address as Host, as there is no API key", $"'{host.Host}'");
        string origin = context.Request.Headers.Origin.ToString();
        bool isForeign = origin.Length > 0 && !(Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri) && IsLoopback(uri.Host));
        if (isForeign) throw Forbidden("no page of another origin, as there is no API key", $"'{origin}'");
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));

    private static ApiException Forbidden(string expected, string found) =>
        new(StatusCodes.Status403Forbidden, ApiException.InvalidRequest, $"expected {expected}, found {found}", code: "forbidden");

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
