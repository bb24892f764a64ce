using System.ComponentModel;
using Microsoft.SemanticKernel;

/// <summary>Lamps that can be switched and looked at.</summary>
internal sealed class LampPlugin
{
    private readonly HashSet<Room> _lit = [];

    [KernelFunction, Description("Switches the lamp of a room.")]
    public string Switch(Room room, bool on)
    {
        if (on) _lit.Add(room);
        else _lit.Remove(room);
        return $"The lamp in the {room} is {(on ? "on" : "off")}.";
    }

    [KernelFunction, Description("Tells how many lamps are on.")]
    public string Count() => $"{_lit.Count} of {Enum.GetValues<Room>().Length} lamps are on.";
}
