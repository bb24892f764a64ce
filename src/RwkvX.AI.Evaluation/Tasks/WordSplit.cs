namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>Which of two disjoint halves of the word lists a generator draws from.</summary>
public enum WordSplit
{
    /// <summary>For training: about four words of five.</summary>
    Training,

    /// <summary>For tests: the others, never seen in training.</summary>
    Test,
}
