using RwkvX.AI.Generation;
using RwkvX.AI.Grammars;
using RwkvX.AI.Prompts;

namespace RwkvX.AI.Chat;

/// <summary>How an answer is begun, what constrains its tokens and what is looked for in its text.</summary>
/// <param name="Start">What it is begun with, before the first token is sampled; often nothing.</param>
/// <param name="Constraint">Null for free text.</param>
/// <param name="Form">What is looked for in the text; agrees with the constraint about where a call begins.</param>
internal sealed record AnswerPlan(string Start, ITokenConstraint? Constraint, AnswerForm Form)
{
    /// <summary>Plans one answer.</summary>
    /// <param name="settings">What the caller wants.</param>
    /// <param name="context">The model; compiles grammars that it does not have yet.</param>
    /// <exception cref="GrammarException">A schema or grammar says what cannot be followed.</exception>
    /// <exception cref="GrammarLimitException">The limit of tokens is below the shortest answer that is allowed.</exception>
    public static AnswerPlan For(GenerationSettings settings, ChatContext context)
    {
        IPromptTemplate template = context.Template;
        ReasoningMarks? reasoning = template.Reasoning;
        TokenGrammar? grammar = GrammarOf(settings, context);
        bool thinks = settings.Thinks == true && reasoning is not null;
        AnswerForm form = new()
        {
            TemplateStops = template.StopSequences,
            UserStops = settings.StopSequences,
            Reasoning = grammar is null || thinks ? reasoning : null,
            ShowsReasoning = settings.ShowsReasoning,
            Calls = settings.Tools.Callable.Count > 0 ? template.ToolCalls : null,
            IsConstrained = grammar is not null,
            IsVerbatim = settings.Format is { Notation: not GrammarNotation.JsonSchema },
        };
        string start = settings.Thinks switch { true => reasoning?.Begin, false => grammar is null ? reasoning?.Skip : null, null => null } ?? "";
        return new AnswerPlan(start, ConstraintOf(settings, context, grammar, thinks), form);
    }

    /// <summary>What governs the whole answer, but for its thinking; null where its text is free.</summary>
    private static TokenGrammar? GrammarOf(GenerationSettings settings, ChatContext context)
    {
        (GrammarSource? format, ToolUse tools) = (settings.Format, settings.Tools);
        if (tools.Callable.Count == 0 || (format is null && !tools.MustCall))
        {
            return format is null ? null : context.Grammars.Get(format);
        }

        CallGrammar calls = Calls(settings, context);
        return context.Grammars.Get(tools.MustCall ? calls : calls with { Answer = format!.Schema });
    }

    private static ITokenConstraint? ConstraintOf(GenerationSettings settings, ChatContext context, TokenGrammar? grammar, bool thinks)
    {
        if (grammar is not null)
        {
            return thinks
                ? Preamble(context.Template.Reasoning!.Close, grammar, mustCome: true)
                : grammar.CreateConstraint(settings.MaxOutputTokens);
        }

        if (settings.Tools.Declared.Count == 0)
        {
            return null;
        }

        TokenGrammar? calls = settings.Tools.Callable.Count > 0 ? context.Grammars.Get(Calls(settings, context) with { IsOpened = true }) : null;
        return Preamble(context.Template.ToolCalls.Open, calls, mustCome: false);

        PreambleConstraint Preamble(string mark, TokenGrammar? after, bool mustCome) =>
            new(context.Grammars.Mark(mark), after, context.Tokenizer, context.EndOfText, mustCome, settings.MaxOutputTokens);
    }

    private static CallGrammar Calls(GenerationSettings settings, ChatContext context)
    {
        IEnumerable<CallableFunction> functions = settings.Tools.Callable.Select(tool => new CallableFunction(tool.Name, tool.JsonSchema));
        return new CallGrammar(context.Template.ToolCalls.Open, context.Template.ToolCalls.Close, [.. functions]) { AllowsMany = settings.Tools.AllowsMany };
    }
}
