namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>Text without end.</summary>
internal interface IFiller
{
    /// <summary>The next sentence or paragraph, with what separates it from the next one.</summary>
    string Next(Random random);

    /// <summary>What separates a statement from what follows.</summary>
    string Joint(Random random);
}
