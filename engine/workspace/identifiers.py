"""Identifiers of objects that cwctl makes: from ids alone, as names may change and an identifier must not."""

import hashlib

COMPANY_LENGTH = 25
CATALOG_ITEM_LENGTH = 60
_HASH_LENGTH = 8


def company_identifier(customer: str) -> str:
    """The identifier of the company made for a customer of the platform."""
    return _cut(f"ION-{customer}", COMPANY_LENGTH)


def catalog_identifier(provider: str, product: str, plan: str) -> str:
    """The identifier of the catalog item made for a product of the platform."""
    return _cut(f"ION-{provider}-{product}-{plan}", CATALOG_ITEM_LENGTH)


def _cut(text: str, limit: int) -> str:
    """The text itself, or its beginning and a hash of the whole, so that cutting makes no two the same."""
    if len(text) <= limit:
        return text
    return f"{text[: limit - _HASH_LENGTH - 1]}-{hashlib.sha256(text.encode()).hexdigest()[:_HASH_LENGTH]}"
