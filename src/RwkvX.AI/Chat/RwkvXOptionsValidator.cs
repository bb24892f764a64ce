using Microsoft.Extensions.Options;

namespace RwkvX.AI.Chat;

/// <summary>Checks the ranges of <see cref="RwkvXOptions"/>; generated, so that trimming keeps it whole.</summary>
[OptionsValidator]
internal sealed partial class RwkvXOptionsValidator : IValidateOptions<RwkvXOptions>;
