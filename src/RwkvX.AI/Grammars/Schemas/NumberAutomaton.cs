using System.Globalization;
using System.Numerics;
using RwkvX.AI.Grammars.Patterns;

namespace RwkvX.AI.Grammars.Schemas;

/// <summary>
/// Numbers within bounds and of a multiple, digit by digit: a state remembers how the digits so far compare with the bounds and what
/// they leave when divided. Without bounds a number has at most 15 digits on either side of the point (18 for integers) and a one-digit exponent,
/// so that it is exact as a double, and fits a long or a decimal.
/// </summary>
internal sealed class NumberAutomaton
{
    private const int MaxDigits = 15, MaxIntegerDigits = 18, MaxModulus = 100_000;

    private enum Phase
    {
        Start, Minus, Zero, Integer, Point, Fraction, ExponentMark, ExponentSign, Exponent,
    }

    // Low and High: how the digits compare with the bounds of the amount, -1 0 1, as far as they go.
    private readonly record struct State(Phase Phase, bool IsNegative, int Digits, int Low, int High, int Remainder, bool IsZero);

    private readonly record struct Bound(string Integer, string Fraction, bool Excludes);

    private readonly NumberBounds _bounds;
    private readonly int _modulus;
    private readonly int _maxInteger, _maxFraction;

    private NumberAutomaton(NumberBounds bounds, bool isInteger)
    {
        _bounds = bounds;
        _modulus = bounds.Multiple.IsZero ? 1 : (int)BigInteger.Min(bounds.Multiple, MaxModulus + 1);
        if (_modulus > MaxModulus) throw new GrammarException($"a multiple of more than {MaxModulus} steps is not supported");
        int digits = _modulus > 1000 ? 6 : isInteger ? MaxIntegerDigits : MaxDigits;
        _maxInteger = Math.Max(digits, Math.Max(Digits(bounds.Minimum).Integer.Length, Digits(bounds.Maximum).Integer.Length));
        _maxFraction = !bounds.Multiple.IsZero ? bounds.MultipleDigits
            : Math.Max(MaxDigits, 1 + Math.Max(Digits(bounds.Minimum).Fraction.Length, Digits(bounds.Maximum).Fraction.Length));
    }

    public static CodePointDfa Build(NumberBounds bounds, bool isInteger)
    {
        var automaton = new NumberAutomaton(bounds, isInteger);
        return CodePointDfa.Explore(new State(Phase.Start, false, 0, 0, 0, 0, true), automaton.Next, automaton.Accepts).Trim();
    }

    private IEnumerable<(int, int, State)> Next(State state)
    {
        switch (state.Phase)
        {
            case Phase.Start:
                yield return ('-', '-', state with { Phase = Phase.Minus, IsNegative = true });
                foreach (var edge in FirstDigits(state)) yield return edge;
                break;
            case Phase.Minus:
                foreach (var edge in FirstDigits(state)) yield return edge;
                break;
            case Phase.Zero or Phase.Integer:
                if (state.Phase == Phase.Integer && state.Digits < _maxInteger)
                {
                    for (int digit = 0; digit <= 9; digit++) yield return Edge(digit, IntegerDigit(state, digit));
                }

                if (_maxFraction > 0) yield return ('.', '.', AtPoint(state));
                foreach (var edge in Exponents(state)) yield return edge;
                break;
            case Phase.Point or Phase.Fraction:
                for (int digit = 0; digit <= 9 && state.Digits < _maxFraction; digit++) yield return Edge(digit, FractionDigit(state, digit));
                if (state.Phase == Phase.Fraction)
                {
                    foreach (var edge in Exponents(state)) yield return edge;
                }

                break;
            case Phase.ExponentMark:
                yield return ('+', '+', state with { Phase = Phase.ExponentSign });
                yield return ('-', '-', state with { Phase = Phase.ExponentSign });
                yield return ('0', '9', state with { Phase = Phase.Exponent });
                break;
            case Phase.ExponentSign:
                yield return ('0', '9', state with { Phase = Phase.Exponent });
                break;
        }
    }

    private IEnumerable<(int, int, State)> FirstDigits(State state)
    {
        yield return Edge(0, IntegerDigit(state, 0) with { Phase = Phase.Zero });
        for (int digit = 1; digit <= 9; digit++) yield return Edge(digit, IntegerDigit(state, digit));
    }

    private IEnumerable<(int, int, State)> Exponents(State state)
    {
        if (!_bounds.IsFree) yield break;
        var after = new State(Phase.ExponentMark, state.IsNegative, 0, 0, 0, 0, state.IsZero);
        yield return ('e', 'e', after);
        yield return ('E', 'E', after);
    }

    private static (int, int, State) Edge(int digit, State to) => ('0' + digit, '0' + digit, to);

    private State IntegerDigit(State state, int digit) => new(
        Phase.Integer,
        state.IsNegative,
        state.Digits + 1,
        Compare(state.Low, Lower(state.IsNegative)?.Integer, state.Digits, digit),
        Compare(state.High, Upper(state.IsNegative)?.Integer, state.Digits, digit),
        ((state.Remainder * 10) + digit) % _modulus,
        state.IsZero && digit == 0);

    private State AtPoint(State state) => state with
    {
        Phase = Phase.Point,
        Digits = 0,
        Low = AgainstWhole(state.Low, state.Digits, Lower(state.IsNegative)),
        High = AgainstWhole(state.High, state.Digits, Upper(state.IsNegative)),
    };

    private State FractionDigit(State state, int digit) => new(
        Phase.Fraction,
        state.IsNegative,
        state.Digits + 1,
        CompareFraction(state.Low, Lower(state.IsNegative), state.Digits, digit),
        CompareFraction(state.High, Upper(state.IsNegative), state.Digits, digit),
        ((state.Remainder * 10) + digit) % _modulus,
        state.IsZero && digit == 0);

    private static int Compare(int soFar, string? bound, int at, int digit)
    {
        if (bound is null) return 0;
        return soFar != 0 || at >= bound.Length ? soFar : Math.Sign(digit - (bound[at] - '0'));
    }

    /// <summary>A whole part of fewer digits is smaller, whatever its digits.</summary>
    private static int AgainstWhole(int soFar, int digits, Bound? bound) =>
        bound is not { } known ? 0 : digits == known.Integer.Length ? soFar : digits < known.Integer.Length ? -1 : 1;

    private static int CompareFraction(int soFar, Bound? bound, int at, int digit)
    {
        if (bound is not { } known || soFar != 0) return soFar;
        return Math.Sign(digit - (at < known.Fraction.Length ? known.Fraction[at] - '0' : 0));
    }

    private bool Accepts(State state)
    {
        if (state.Phase is not (Phase.Zero or Phase.Integer or Phase.Fraction or Phase.Exponent)) return false;
        if (state.IsNegative && state.IsZero) return false; // no -0
        if (state.Phase == Phase.Exponent) return true;
        bool isWhole = state.Phase != Phase.Fraction;
        if (!IsDivisible(state.Remainder, isWhole ? 0 : state.Digits)) return false;
        int low = Final(isWhole ? AgainstWhole(state.Low, state.Digits, Lower(state.IsNegative)) : state.Low, Lower(state.IsNegative), isWhole ? 0 : state.Digits);
        int high = Final(isWhole ? AgainstWhole(state.High, state.Digits, Upper(state.IsNegative)) : state.High, Upper(state.IsNegative), isWhole ? 0 : state.Digits);
        if (IsEmptySide(state.IsNegative)) return false;
        return (Lower(state.IsNegative) is not { } lower || low > 0 || (low == 0 && !lower.Excludes))
            && (Upper(state.IsNegative) is not { } upper || high < 0 || (high == 0 && !upper.Excludes));
    }

    /// <summary>Equal so far is smaller where the bound has digits left.</summary>
    private static int Final(int compared, Bound? bound, int fractionDigits) =>
        compared == 0 && bound is { } known && fractionDigits < known.Fraction.Length ? -1 : compared;

    private bool IsDivisible(int remainder, int fractionDigits)
    {
        if (_bounds.Multiple.IsZero) return true;
        return remainder * BigInteger.Pow(10, _bounds.MultipleDigits - fractionDigits) % _modulus == 0;
    }

    /// <summary>Whether no number of this sign can keep the bounds.</summary>
    private bool IsEmptySide(bool isNegative) => isNegative ? _bounds.Minimum >= 0 : _bounds.Maximum < 0;

    /// <summary>The lower bound of the amount, for one sign.</summary>
    private Bound? Lower(bool isNegative) => isNegative
        ? _bounds.Maximum < 0 ? Digits(_bounds.Maximum, _bounds.ExcludesMaximum) : null
        : _bounds.Minimum >= 0 ? Digits(_bounds.Minimum, _bounds.ExcludesMinimum) : null;

    private Bound? Upper(bool isNegative) => isNegative
        ? _bounds.Minimum < 0 ? Digits(_bounds.Minimum, _bounds.ExcludesMinimum) : null
        : _bounds.Maximum >= 0 ? Digits(_bounds.Maximum, _bounds.ExcludesMaximum) : null;

    private static Bound Digits(decimal? value, bool excludes = false)
    {
        string[] parts = Math.Abs(value ?? 0).ToString(CultureInfo.InvariantCulture).Split('.');
        return new Bound(parts[0], parts.Length > 1 ? parts[1].TrimEnd('0') : "", excludes);
    }
}
