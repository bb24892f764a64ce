using System.Text;
using RwkvX.AI.Grammars;
using RwkvX.AI.Grammars.Masks;
using RwkvX.AI.Tokenization;
using Xunit;
using Tokenizers = RwkvX.AI.Tests.Tokenization.Vocabularies;

namespace RwkvX.AI.Tests.Grammars;

public sealed class PreambleConstraintTests
{
    // Borders that fall anywhere in the mark, tokens that run on beyond it, and one that holds it whole.
    private static readonly WorldTokenizer Vocabulary = Tokenizers.Load("257 '<<' 2", "258 'ab<' 3", "259 '<<ab>' 5", "260 'b>' 2", "261 'b>x' 3", "262 '>>' 2", "263 'x<<ab>y' 7", "264 'a<<' 3");

    [Fact]
    public void MarkMasks_AnyText_AgreeWithTheTextSearched()
    {
        const string Mark = "<<ab>";
        TokenVocabulary vocabulary = TokenVocabulary.Of(Vocabulary, Vocabulary.VocabularySize, 0);
        MarkMasks masks = new(vocabulary, Encoding.UTF8.GetBytes(Mark));
        Random random = new(2);
        int[] pieces = [.. Vocabulary.Encode("<ab>xy"), 257, 258, 260, 262, 264];
        for (int round = 0; round < 2000; round++)
        {
            (string text, int written) = ("", 0);
            for (int i = 0; i < 12; i++)
            {
                MarkMasks.Step step = masks.Of(written);
                ulong[] completing = new ulong[vocabulary.MaskWords], overrunning = new ulong[vocabulary.MaskWords];
                step.Completing.AddTo(completing);
                step.Overrunning.AddTo(overrunning);
                for (int id = 1; id < vocabulary.Count; id++)
                {
                    string after = text + Vocabulary.Decode([id]);
                    int found = after.IndexOf(Mark, StringComparison.Ordinal);
                    Assert.Equal(found >= 0 && found + Mark.Length == after.Length, TokenSet.Contains(completing, id));
                    Assert.Equal(found >= 0 && found + Mark.Length < after.Length, TokenSet.Contains(overrunning, id));
                }

                int token = pieces[random.Next(pieces.Length)];
                string next = text + Vocabulary.Decode([token]);
                written = masks.After(written, token);
                Assert.Equal(next.Contains(Mark, StringComparison.Ordinal), written == Mark.Length);
                if (written == Mark.Length || next.Contains(Mark, StringComparison.Ordinal)) break;
                text = next;
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Generation_AtRandom_EndsInTheGrammarOrInFreeText(bool mustCome)
    {
        TokenVocabulary vocabulary = TokenVocabulary.Of(Vocabulary, Vocabulary.VocabularySize, 0);
        TokenGrammar grammar = new(Grammar.FromRegex("[0-9]{2,9}!"), vocabulary);
        MarkMasks masks = new(vocabulary, "<<ab>"u8.ToArray());
        Random random = new(7);
        int[] likely = [.. Vocabulary.Encode("<ab>xy0!"), 257, 258, 259, 260, 261, 262, 263, 264, 0];
        int reached = 0;
        for (int round = 0; round < 3000; round++)
        {
            int limit = 8 + random.Next(12);
            PreambleConstraint constraint = new(masks, grammar, Vocabulary, 0, mustCome, limit);
            ulong[] allowed = new ulong[vocabulary.MaskWords];
            List<int> ids = [];
            while (ids.Count < limit && constraint.CanContinue)
            {
                constraint.FillMask(allowed, limit - ids.Count);
                int[] choice = [.. likely.Where(id => TokenSet.Contains(allowed, id))];
                if (choice.Length == 0) choice = [.. Sampling.Allowed(allowed)];
                ids.Add(choice[random.Next(choice.Length)]);
                constraint.Accept(ids[^1]);
            }

            string text = Vocabulary.Decode(ids);
            bool hasMark = text.Contains("<<ab>", StringComparison.Ordinal);
            Assert.True(hasMark || !mustCome, text);
            Assert.Equal(hasMark, constraint.IsComplete);
            if (hasMark) Assert.Matches("<<ab>[0-9]{2,9}!$", text);
            reached += hasMark ? 1 : 0;
        }

        Assert.InRange(reached, mustCome ? 3000 : 30, 3000);
    }

    [Fact]
    public void Limit_BelowMarkAndGrammar_IsRefusedWhereTheMarkMustCome()
    {
        TokenVocabulary vocabulary = TokenVocabulary.Of(Vocabulary, Vocabulary.VocabularySize, 0);
        TokenGrammar grammar = new(Grammar.FromRegex("[0-9]{2}"), vocabulary);
        MarkMasks masks = new(vocabulary, "<<ab>"u8.ToArray());
        GrammarLimitException refused = Assert.Throws<GrammarLimitException>(() => new PreambleConstraint(masks, grammar, Vocabulary, 0, mustCome: true, 3));
        Assert.NotNull(new PreambleConstraint(masks, grammar, Vocabulary, 0, mustCome: true, refused.RequiredTokens));
        Assert.NotNull(new PreambleConstraint(masks, grammar, Vocabulary, 0, mustCome: false, 1));
    }

    [Fact]
    public void Mark_Forbidden_NeverComes()
    {
        TokenVocabulary vocabulary = TokenVocabulary.Of(Vocabulary, Vocabulary.VocabularySize, 0);
        PreambleConstraint constraint = new(new MarkMasks(vocabulary, "<<ab>"u8.ToArray()), null, Vocabulary, 0, mustCome: false, 100);
        ulong[] allowed = new ulong[vocabulary.MaskWords];
        foreach (int id in Vocabulary.EncodeUtf8("<<a"u8)) constraint.Accept(id);
        constraint.Accept(Vocabulary.Encode("b")[0]);
        constraint.FillMask(allowed, 50);
        Assert.False(TokenSet.Contains(allowed, Vocabulary.Encode(">")[0]));
        Assert.True(TokenSet.Contains(allowed, Vocabulary.Encode("x")[0]));
        Assert.True(TokenSet.Contains(allowed, 0));
    }
}
