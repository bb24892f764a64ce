using RwkvX.AI.Evaluation.Words;

namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>Ways of drawing.</summary>
internal static class Drawn
{
    /// <summary>1 to <paramref name="most"/>, each octave as likely as any other.</summary>
    public static int Count(Random random, int most) => (int)Math.Exp(random.NextDouble() * Math.Log(most + 1));

    /// <summary>The same; in half of training as many as there may be, since what is asked teaches and the text between does not.</summary>
    public static int Told(WordList words, Random random, int most) => words.Surprises(random) ? most : Count(random, most);

    /// <summary>The same in another order.</summary>
    public static T[] Shuffled<T>(IEnumerable<T> items, Random random)
    {
        T[] order = [.. items];
        random.Shuffle(order);
        return order;
    }
}
