"""The digest that a plan prints changes with every word of the workspace: what is printed besides."""

import re

_TOLD = re.compile(
    r"^Digest [0-9a-f]{64}\n    `cwctl apply.*` with it applies this plan and no other\.\n", re.MULTILINE
)
_SHOWN = re.compile(r"(?<=^Digest `)[0-9a-f]{64}(?=`: )", re.MULTILINE)


def without_digest(err: str) -> str:
    """What stderr got, without the digest of a plan in text."""
    return _TOLD.sub("", err)


def with_no_digest_in_particular(markdown: str) -> str:
    """A plan in Markdown, with `…` for its digest."""
    return _SHOWN.sub("…", markdown)
