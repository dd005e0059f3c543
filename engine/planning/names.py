"""Names that people wrote beside ids, compared the way a person would: without case, punctuation and legal forms."""

import re
import unicodedata
from difflib import SequenceMatcher

from engine.psa.text import canonical

_LEGAL_FORMS = frozenset(
    {
        *("ab", "ag", "as", "bv", "co", "corp", "corporation", "company", "gmbh", "inc", "incorporated", "kg"),
        *("limited", "llc", "llp", "ltd", "nv", "oy", "plc", "pty", "sa", "sarl", "srl"),
    }
)
_WORD = re.compile(r"\w+")


def normalised(name: str) -> str:
    """Lower-case words without accents, punctuation and legal forms; all words, if nothing else would be left."""
    folded = unicodedata.normalize("NFKD", name).casefold()
    words = _WORD.findall("".join(char for char in folded if not unicodedata.combining(char)))
    return " ".join([word for word in words if word not in _LEGAL_FORMS] or words)


def same_name(one: str, other: str) -> bool:
    """Whether both name the same thing for a reader."""
    return one == other or normalised(one) == normalised(other)


def alike(one: str, other: str) -> bool:
    """Whether both could name one company: they share most words of the shorter one, or nearly all letters."""
    first, second = normalised(one), normalised(other)
    words, others = set(first.split()), set(second.split())
    shared = len(words & others) / max(1, min(len(words), len(others)))
    return shared > 0.5 or SequenceMatcher(None, first, second).ratio() >= 0.75


def cut(text: str, length: int) -> str:
    """The text on one line without invisible characters, at most `length` long: what the PSA's field can hold."""
    flat = canonical(text)
    return flat if len(flat) <= length else flat[:length].rstrip()
