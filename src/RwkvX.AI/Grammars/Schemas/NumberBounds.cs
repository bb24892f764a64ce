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

    public bool IsFree => Minimum is null && Maximum is null && Multiple.IsZero;

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
        return Multiple.IsZero || value % ((decimal)Multiple / (decimal)BigInteger.Pow(10, MultipleDigits)) == 0;
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
        int digits = 0;
        while (value != decimal.Truncate(value))
        {
            value *= 10;
            digits++;
        }

        AddMultiple(new BigInteger(value), digits);
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
        if (decimal.TryParse(element.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out decimal value)) return value;
        double wide = element.GetDouble();
        bool isVacuous = keyword.EndsWith("inimum", StringComparison.Ordinal) ? wide < 0 : keyword.EndsWith("aximum", StringComparison.Ordinal) && wide > 0;
        return isVacuous ? null : throw part.Error(keyword, $"{element.GetRawText()} is beyond 28 digits");
    }
}
