namespace RwkvX.AI.Training.Plans;

/// <summary>The sizes of a model to be initialised.</summary>
/// <param name="NEmbd">C, a multiple of 64.</param>
/// <param name="NLayer">L</param>
/// <param name="NMobaLayer">M, which divides L; 0 for plain RWKV-7.</param>
/// <param name="VocabSize">V</param>
public sealed record NewModelPlan(int NEmbd, int NLayer, int NMobaLayer, int VocabSize);
