"""Money as Decimal: rounding, and nothing that passes through float."""

from decimal import ROUND_HALF_UP, Decimal


def rounded(amount: Decimal, decimals: int) -> Decimal:
    """The amount at `decimals` places, half away from zero (the PSA's precision of unit prices)."""
    return amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def plain(amount: Decimal) -> str:
    """The amount as text without an exponent, and without trailing zeros beyond two places."""
    text = format(amount, "f")
    if "." not in text:
        return text
    whole, fraction = text.split(".")
    fraction = fraction.rstrip("0").ljust(2, "0")
    return f"{whole}.{fraction}"
