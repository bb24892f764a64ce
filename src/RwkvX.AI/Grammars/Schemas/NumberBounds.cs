using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace RwkvX.AI.Grammars.Schemas;

/// <summary>What schemas say about a number, together.</summary>
internal sealed record NumberBounds
{
    public decimal? Minimum { get; private set; }

    public decimal? Maximum { get; private set; }

    public bool ExcludesMinimum { get; private set; }

    public bool ExcludesMaximum { get; private set; }

    /// <summary>The number is a multiple of this over ten to the power of <see cref="MultipleDigits"/>; 0 for no such rule.</summary>
    public BigInteger Multiple { get; private set; }

    public int MultipleDigits { get; private set; }

    /// <summary>Whether a number is written without an exponent, so that its value can be told from its digits.</summary>
    public bool HasOneSpelling { get; set; }

    public bool IsFree => Minimum is null && Maximum is null && Multiple.IsZero && !HasOneSpelling;

    public void Add(SchemaPart part)
    {
        if (Read(part, "minimum") is { } minimum) RaiseMinimum(minimum, false);
        if (Read(part, "exclusiveMinimum") is { } above) RaiseMinimum(above, true);
        if (Read(part, "maximum") is { } maximum) LowerMaximum(maximum, false);
        if (Read(part, "exclusiveMaximum") is { } below) LowerMaximum(below, true);
        if (Read(part, "multipleOf") is { } multiple) AddMultiple(part, multiple);
    }

    public void AddInteger() => AddMultiple(1, 0);

    /// <summary>Whether a number keeps the bounds.</summary>
    public bool Contains(decimal value)
    {
        if (Minimum is { } minimum && (value < minimum || (value == minimum && ExcludesMinimum))) return false;
        if (Maximum is { } maximum && (value > maximum || (value == maximum && ExcludesMaximum))) return false;
        if (Multiple.IsZero) return true;
        (BigInteger amount, int digits) = Split(value);
        return amount * BigInteger.Pow(10, MultipleDigits) % (Multiple * BigInteger.Pow(10, digits)) == 0;
    }

    public bool IsDisjointFrom(NumberBounds other) => IsBelow(other) || other.IsBelow(this);

    private bool IsBelow(NumberBounds other) => Maximum is { } maximum && other.Minimum is { } minimum
        && (maximum < minimum || (maximum == minimum && (ExcludesMaximum || other.ExcludesMinimum)));

    private void RaiseMinimum(decimal value, bool excludes)
    {
        if (Minimum is { } known && (known > value || (known == value && ExcludesMinimum))) return;
        (Minimum, ExcludesMinimum) = (value, excludes);
    }

    private void LowerMaximum(decimal value, bool excludes)
    {
        if (Maximum is { } known && (known < value || (known == value && ExcludesMaximum))) return;
        (Maximum, ExcludesMaximum) = (value, excludes);
    }

    private void AddMultiple(SchemaPart part, decimal value)
    {
        if (value <= 0) throw part.Error("multipleOf", "must be above 0");
        (BigInteger amount, int digits) = Split(value);
        AddMultiple(amount, digits);
    }

    /// <summary>A number as a whole one over ten to the power of its digits after the point.</summary>
    private static (BigInteger Amount, int Digits) Split(decimal value)
    {
        string text = value.ToString(CultureInfo.InvariantCulture);
        int point = text.IndexOf('.', StringComparison.Ordinal);
        return (BigInteger.Parse(text.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture), point < 0 ? 0 : text.Length - point - 1);
    }

    /// <summary>The least common multiple of two fractions, over a common power of ten.</summary>
    private void AddMultiple(BigInteger value, int digits)
    {
        int common = Math.Max(digits, MultipleDigits);
        BigInteger left = value * BigInteger.Pow(10, common - digits);
        BigInteger right = Multiple.IsZero ? left : Multiple * BigInteger.Pow(10, common - MultipleDigits);
        BigInteger multiple = left / BigInteger.GreatestCommonDivisor(left, right) * right;
        for (; common > 0 && multiple % 10 == 0; common--) multiple /= 10;
        (Multiple, MultipleDigits) = (multiple, common);
    }

    private static decimal? Read(SchemaPart part, string keyword)
    {
        if (!part.TryGet(keyword, out JsonElement element)) return null;
        if (decimal.TryParse(element.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out decimal value))
            return IsExact(element.GetRawText(), value) ? value : throw part.Error(keyword, $"{element.GetRawText()} is beyond 28 digits");
        double wide = element.GetDouble();
        bool isVacuous = keyword.EndsWith("inimum", StringComparison.Ordinal) ? wide < 0 : keyword.EndsWith("aximum", StringComparison.Ordinal) && wide > 0;
        return isVacuous ? null : throw part.Error(keyword, $"{element.GetRawText()} is beyond 28 digits");
    }

    /// <summary>Whether reading a number rounded nothing away.</summary>
    private static bool IsExact(string text, decimal value) => Digits(text) == Digits(value.ToString(CultureInfo.InvariantCulture));

    /// <summary>Digits without zeros at either end, and the power of ten of the last one: equal for equal amounts.</summary>
    private static (string Digits, long Power) Digits(string number)
    {
        string[] parts = number.TrimStart('-').ToLowerInvariant().Split('e');
        string[] sides = parts[0].Split('.');
        string all = string.Concat(sides), digits = all.TrimEnd('0');
        if (digits.TrimStart('0').Length == 0) return ("", 0);
        long power = parts.Length > 1 ? long.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0;
        return (digits.TrimStart('0'), power - (sides.Length > 1 ? sides[1].Length : 0) + all.Length - digits.Length);
    }
}
