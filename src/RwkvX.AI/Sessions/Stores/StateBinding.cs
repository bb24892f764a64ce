namespace RwkvX.AI.Sessions.Stores;

/// <summary>What a stored state is a state of; it continues only under the same three.</summary>
/// <param name="Model">The hash of the model's weights and configuration.</param>
/// <param name="Tokenizer">The hash of the vocabulary.</param>
/// <param name="Template">The hash or name and version of the prompt template.</param>
public sealed record StateBinding(string Model, string Tokenizer, string Template)
{
    internal void Validate(string parameter)
    {
        ConversationKey.ValidatePart(Model, "model hash", parameter);
        ConversationKey.ValidatePart(Tokenizer, "tokenizer hash", parameter);
        ConversationKey.ValidatePart(Template, "template hash", parameter);
    }
}
