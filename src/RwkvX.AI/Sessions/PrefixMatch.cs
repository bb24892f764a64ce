using RwkvX.AI.Models;

namespace RwkvX.AI.Sessions;

/// <summary>What the cache found for a prompt.</summary>
/// <param name="State">A fork of the kept state; the caller disposes it.</param>
/// <param name="Length">How many of the prompt's tokens it has consumed.</param>
/// <param name="Entry">Where it came from: given back when a later state of the same line is added.</param>
internal readonly record struct PrefixMatch(RwkvXState State, int Length, PrefixCacheEntry Entry);
