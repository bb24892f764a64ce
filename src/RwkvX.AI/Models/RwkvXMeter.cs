using System.Diagnostics.Metrics;

namespace RwkvX.AI.Models;

/// <summary>The one meter of this library; each part adds its own instruments.</summary>
internal static class RwkvXMeter
{
    /// <summary>The name to listen to.</summary>
    public const string Name = "RwkvX.AI";

    /// <summary>The meter.</summary>
    public static Meter Instance { get; } = new(Name);
}
