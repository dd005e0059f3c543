"""How values are written for a reader: money, days, counts, and text from a service that must not become markup."""

import re
from decimal import ROUND_HALF_UP, Decimal
from textwrap import wrap
from typing import Any

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f]"
)
_ADDRESS = re.compile(r"\b(www)(?=\.)", re.IGNORECASE)
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|~@&:])")

_CODE = re.compile(r"`([A-Za-z0-9_ :./=…-]{1,80})`")

LABELS = {
    "address_line1": "address",
    "bill_customer": "bill customer",
    "cancelled": "ends",
    "customer_description": "description",
    "description": "name",
    "effective": "begins",
    "invoice_description": "invoice text",
    "less_included": "less included",
    "manufacturer_id": "manufacturer",
    "manufacturer_part_number": "part number",
    "product_class": "class",
    "product_id": "catalog item",
    "unit_cost": "unit cost",
    "unit_of_measure": "unit",
    "unit_price": "unit price",
}
KINDS = {
    "manufacturer": "manufacturer",
    "company": "company",
    "catalog_item": "catalog item",
    "addition": "addition",
}
SIGNS = {"create": "+", "update": "~"}


def money(text: str | None) -> str:
    """An amount with thousands separators and at least two places."""
    if text is None:
        return ""
    amount = Decimal(text).normalize()
    places = max(2, -int(amount.as_tuple().exponent))
    return f"{amount:,.{places}f}"


def cents(text: str) -> str:
    """An amount of any number of places, for a reader: rounded half up to two."""
    return f"{Decimal(text).quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):,}"


def signed(text: str) -> str:
    """As `cents`, with its sign."""
    amount = cents(text)
    return amount if amount.startswith("-") else f"+{amount}"


def plain_text(value: object) -> str:
    """One line without control characters, so that a name from a service cannot drive the terminal."""
    return _CONTROL.sub("", " ".join(str(value).split()))


def on_one_line(value: Any) -> Any:
    """The value with every text in it as `plain_text` leaves it, unless it is harmless as it is."""
    if isinstance(value, str):
        return value if value.isprintable() else plain_text(value)
    if isinstance(value, dict):
        return {on_one_line(name): on_one_line(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [on_one_line(one) for one in value]
    return value


def shown(field: str, value: object) -> str:
    """A field's value in its dict form."""
    if value is None or value == "":
        return "open" if field == "cancelled" else "(none)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field in {"unit_price", "unit_cost", "price", "cost"}:
        return money(str(value))
    if field == "quantity":
        return f"{Decimal(str(value)).normalize():f}"
    if isinstance(value, list | tuple):
        return ", ".join(plain_text(one) for one in value)
    text = plain_text(value)
    made_above = field.endswith("_id") and text.startswith("@")
    return f"(made above: {text[1:].partition(':')[2]})" if made_above else text


def cut(text: str, width: int) -> str:
    """The text in at most `width` characters."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def wrapped(text: str, width: int, indent: int = 0, begun: int | None = None) -> str:
    """The text in lines of at most `width` characters; `begun` are taken on the first, `indent` on each further one."""
    start = indent if begun is None else begun
    if start + len(text) <= width:
        return text
    before, after = " " * start, " " * indent
    lines = wrap(
        text, width, initial_indent=before, subsequent_indent=after, break_on_hyphens=False, break_long_words=False
    )
    return "\n".join(lines)[start:]


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 change`, `2 changes`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def markdown(value: object) -> str:
    """Text with every character that Markdown gives a meaning escaped.

    Forges look for mentions, references and addresses in what Markdown has become, where an escape is gone already: a
    space without width takes them apart.
    """
    return _escaped(plain_text(value))


def _escaped(text: str) -> str:
    escaped = _MARKUP.sub(r"\\\1", text).replace("\\&", "&amp;").replace("\\<", "&lt;")
    return _ADDRESS.sub(r"\1&#8203;", escaped.replace("\\@", "@&#8203;").replace("\\#", "\\#&#8203;"))


def markdown_with_code(value: object) -> str:
    """As `markdown`, but what stands between backticks and holds nothing but words and paths stays code."""
    found, done, text = [], 0, plain_text(value)
    for code in _CODE.finditer(text):
        found += [_escaped(text[done : code.start()]), code[0]]
        done = code.end()
    return "".join([*found, _escaped(text[done:])])
