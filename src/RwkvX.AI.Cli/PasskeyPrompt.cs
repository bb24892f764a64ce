using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Cli;

/// <summary>The passkey task's prompt as published with RWKV-X (evaluation/pass_key_rwkvx.py): a number hidden in filler text.</summary>
internal static class PasskeyPrompt
{
    private const string Task =
        "There is an important info hidden inside a lot of irrelevant text. Find it and memorize them. "
        + "I will quiz you about the important information there.";
    private const string Filler = "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again. ";
    private const string Question = "What is the pass key? The pass key is";

    /// <summary>The highest key.</summary>
    public const int MaxKey = 50_000;

    /// <summary>Writes a prompt.</summary>
    /// <param name="key">The number to hide.</param>
    /// <param name="fillerLength">Characters of filler in all.</param>
    /// <param name="before">Characters of filler before the number; what follows starts the filler again, as published.</param>
    public static string Write(int key, int fillerLength, int before) => string.Join(
        '\n',
        Task,
        FillerText(before),
        $"The pass key is {key}. Remember it. {key} is the pass key.",
        FillerText(fillerLength - before),
        Question);

    /// <summary>What all prompts begin with, up to the number's place: the task and filler without end.</summary>
    public static string WriteTrunk(int fillerLength) => $"{Task}\n{FillerText(fillerLength)}";

    /// <summary>The most characters of filler with which the prompt of the longest key has at most so many tokens.</summary>
    /// <returns>The characters; 0 if not even the frame fits.</returns>
    public static int FitFiller(WorldTokenizer tokenizer, int tokens)
    {
        bool Fits(int filler) => tokenizer.CountTokens(Write(MaxKey, filler, filler / 2)) <= tokens;
        int high = 1;
        while (Fits(high)) high *= 2;
        int low = high / 2;
        while (low + 1 < high)
        {
            int middle = (low + high) / 2;
            if (Fits(middle)) low = middle;
            else high = middle;
        }

        return low;
    }

    private static string FillerText(int length) =>
        string.Create(length, 0, (text, _) =>
        {
            for (int i = 0; i < text.Length; i++) text[i] = Filler[i % Filler.Length];
        });
}
