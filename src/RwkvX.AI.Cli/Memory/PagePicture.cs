using System.Globalization;
using System.Text;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cli.Memory;

/// <summary>Where pages lie and which of them were looked at, as a strip a layer.</summary>
internal static class PagePicture
{
    private const int Width = 64, Shown = 8;

    /// <summary>Two lines a layer, from the first token to the last: where the pages lie, and how much they were looked at.</summary>
    public static void Write(TextWriter output, PageUsage usage)
    {
        for (int layer = 0; layer < usage.Layers.Count; layer++)
        {
            IReadOnlyList<PageUse> pages = usage.Layers[layer];
            if (pages.Count == 0) continue;
            int width = Math.Min(Width, pages.Count);
            long most = Math.Max(1, Enumerable.Range(0, width).Max(cell => Cell(pages, cell, width).Sum(page => page.Looks)));
            StringBuilder places = new(), looks = new();
            for (int cell = 0; cell < width; cell++)
            {
                List<PageUse> own = Cell(pages, cell, width);
                places.Append(Sign(own.MinBy(page => page.Location).Location));
                long looked = own.Sum(page => page.Looks);
                looks.Append(looked == 0 ? ' ' : "\u00b7\u2022\u25cf"[(int)Math.Min(2, 3 * looked / (most + 1))]);
            }

            output.WriteLine($"layer {layer}  {places}");
            output.WriteLine($"looked at{looks}");
        }

        output.WriteLine("\u2588 memory  \u2593 device  \u2592 page file  \u2591 store  x dropped; \u00b7 \u2022 \u25cf how often an answer looked there");
    }

    /// <summary>Lines for scripts: pages by place, and the chunks looked at most.</summary>
    public static void WritePlain(TextWriter output, PageUsage usage)
    {
        for (int layer = 0; layer < usage.Layers.Count; layer++)
        {
            IReadOnlyList<PageUse> pages = usage.Layers[layer];
            IEnumerable<string> places = Enum.GetValues<PageLocation>().Select(place => (place, Count: pages.Count(page => page.Location == place)))
                .Where(entry => entry.Count > 0).Select(entry => $"{entry.Count} {entry.place.ToString().ToLowerInvariant()}");
            IEnumerable<string> looked = pages.Select((page, chunk) => (page.Looks, chunk)).Where(entry => entry.Looks > 0)
                .OrderByDescending(entry => entry.Looks).ThenBy(entry => entry.chunk).Take(Shown)
                .Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.chunk} ({entry.Looks})"));
            output.WriteLine($"pages of layer {layer}: {string.Join(", ", places)}");
            output.WriteLine($"chunks of layer {layer} looked at most: {string.Join(", ", looked)}");
        }
    }

    /// <summary>The pages of one cell of a strip.</summary>
    private static List<PageUse> Cell(IReadOnlyList<PageUse> pages, int cell, int width)
    {
        int from = (int)((long)cell * pages.Count / width), to = (int)((cell + 1L) * pages.Count / width);
        return [.. Enumerable.Range(from, to - from).Select(page => pages[page])];
    }

    private static char Sign(PageLocation place) => place switch
    {
        PageLocation.Memory => '\u2588',
        PageLocation.Device => '\u2593',
        PageLocation.Disk => '\u2592',
        PageLocation.Dropped => 'x',
        _ => '\u2591',
    };
}
