namespace RwkvX.AI.Models;

/// <summary>The engine or device that was asked for cannot run here. The message says why and what to do.</summary>
/// <param name="message">For people.</param>
public sealed class EngineUnavailableException(string message) : Exception(message);
