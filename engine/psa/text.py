"""Text in the one form in which it is compared."""

import re

_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def canonical(text: str | None) -> str:
    """`text` without invisible characters, with each run of white space as one space, and none at the ends.

    The PSA flattens line ends to spaces, and people paste zero-width characters; neither is a difference.
    """
    if not text:
        return ""
    visible = text if text.isascii() else _INVISIBLE.sub("", text)
    return " ".join(visible.split())
