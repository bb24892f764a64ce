using System.Diagnostics.Metrics;

namespace RwkvX.AI.Storage.Tests;

/// <summary>Adds up what an instrument of the library counts.</summary>
internal sealed class InstrumentSum : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _value;

    /// <param name="name">The instrument's name.</param>
    /// <param name="tier">Only what has this tag <c>tier</c>; null for everything.</param>
    public InstrumentSum(string name, string? tier = null)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "RwkvX.AI" && instrument.Name == name) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, measured, tags, _) =>
        {
            if (tier is null || tags.Contains(new KeyValuePair<string, object?>("tier", tier))) Interlocked.Add(ref _value, measured);
        });
        _listener.Start();
    }

    /// <summary>The sum so far, over everything in the process.</summary>
    public long Value => Interlocked.Read(ref _value);

    public void Dispose() => _listener.Dispose();
}
