using Microsoft.Extensions.Options;

namespace RwkvX.AI.Storage;

/// <summary>Checks the ranges of <see cref="RwkvXStorageOptions"/>; generated, so that trimming keeps it whole.</summary>
[OptionsValidator]
internal sealed partial class RwkvXStorageOptionsValidator : IValidateOptions<RwkvXStorageOptions>;
