"""How values are written for a reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.reporting.formats import counted, cut, markdown, money, plain_text, shown, signed, wrapped
from engine.reporting.plan_view import selection_text

WORDS = st.lists(st.text("abc12", min_size=1, max_size=12), min_size=1, max_size=20).map(" ".join)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("22", "22.00"),
        ("22.5", "22.50"),
        ("22.12500", "22.125"),
        ("1234567.8", "1,234,567.80"),
        ("1E+3", "1,000.00"),
        ("-0.50", "-0.50"),
        (None, ""),
    ],
)
def test_money_has_two_places_at_least_and_all_that_it_needs(text: str | None, wanted: str) -> None:
    assert money(text) == wanted


@pytest.mark.parametrize(("text", "wanted"), [("264", "+264.00"), ("-1200.005", "-1,200.01"), ("0.005", "+0.01")])
def test_an_effect_has_its_sign_and_is_in_cents(text: str, wanted: str) -> None:
    assert signed(text) == wanted


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("cancelled", None, "open"),
        ("city", "", "(none)"),
        ("taxable", False, "no"),
        ("unit_price", "22.5", "22.50"),
        ("quantity", "1E+1", "10"),
        ("types", ["Customer", "Owner"], "Customer, Owner"),
        ("manufacturer_id", "@manufacturer:Maker", "(made above: Maker)"),
        ("name", "@Home (example)", "@Home (example)"),
    ],
)
def test_a_value_is_written_as_its_field_asks(field: str, value: object, wanted: str) -> None:
    assert shown(field, value) == wanted


@given(st.text())
def test_text_of_a_service_is_one_line_without_anything_that_drives_a_terminal(text: str) -> None:
    found = plain_text(text)
    assert len(found.splitlines()) <= 1
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in found)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a|b", r"a\|b"),
        ("<b>&amp;", r"&lt;b\>&amp;amp;"),
        ("@octo", "@&#8203;octo"),
        ("see #12", r"see \#&#8203;12"),
        ("www.evil.example", "www&#8203;.evil.example"),
        ("http://evil.example", r"http\://evil.example"),
        ("[a](b)", r"\[a\]\(b\)"),
        ("`x`\n# y", r"\`x\` \#&#8203; y"),
        ("back\\slash", r"back\\slash"),
        ("\x1b[1mx", r"\[1mx"),
    ],
)
def test_markdown_takes_no_meaning_from_a_name(text: str, wanted: str) -> None:
    assert markdown(text) == wanted


@given(text=WORDS, width=st.integers(20, 100), indent=st.integers(0, 6), begun=st.none() | st.integers(0, 120))
def test_wrapping_loses_and_splits_no_word(text: str, width: int, indent: int, begun: int | None) -> None:
    lines = wrapped(text, width, indent, begun).split("\n")
    assert " ".join(" ".join(lines).split()) == text
    for line in lines[1:]:
        assert len(line) <= width
        assert line.startswith(" " * indent)


def test_small_words() -> None:
    assert (counted(1, "change"), counted(1200, "change"), counted(0, "is", "are")) == (
        "1 change",
        "1,200 changes",
        "0 are",
    )
    assert (cut("abcdef", 6), cut("abcdef", 4), cut("abcdef", 0)) == ("abcdef", "abc…", "…")
    nothing: dict[str, list[str]] = {"customers": [], "products": [], "services": []}
    assert selection_text(nothing) == "everything"
    assert selection_text({**nothing, "customers": ["1", "2"], "services": ["3"]}) == "customers 1, 2; service 3"
