"""Why a schema refuses a file, in words for the person who wrote it."""

import difflib
from collections.abc import Iterator
from typing import Any

from engine.diagnostics import Diagnostic, Place
from engine.workspace.nodes import place_of_key, place_of_value

_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
}
_BOUNDS = {
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "minItems": "must have at least {} items",
    "maxItems": "must have at most {} items",
    "minProperties": "must have at least {} of its keys",
    "maxProperties": "must have at most {} of its keys",
}
_REFERENCE_HINT = (
    "Write env:NAME (an environment variable) or file:PATH (the content of a file). "
    "If a secret stood here, replace it: it may already be in the history of the repository."
)
_STORE_HINT = (
    "Every use of the refresh token gives a new one that must be stored, which no env: reference can do: "
    "write token_store: {file: PATH}, or command with get and put."
)
_MANAGE_FROM_HINT = (
    "Write manage_from: YYYY-MM-DD, the first day that cwctl may bill. Nothing is posted before it, so a first run "
    "cannot bill the past; only you know the day."
)
_LONGEST_ECHO = 60


def explanations(schema: dict[str, Any], tree: object, file: str) -> list[Diagnostic]:
    """Every reason that the explaining validator finds, each with its place."""
    from jsonschema import Draft202012Validator

    found: list[Diagnostic] = []
    for error in Draft202012Validator(schema).iter_errors(tree):
        found.extend(problem for problem in _explain(error, tree, file) if problem not in found)
    return found


def _explain(error: Any, tree: object, file: str) -> Iterator[Diagnostic]:
    """One validation error as diagnostics: several where several keys are unknown or missing."""
    path: list[str | int] = list(error.absolute_path)
    place = place_of_value(file, tree, path)
    rule: str = error.validator
    about: dict[str, Any] = error.schema
    key = next((step for step in reversed(path) if isinstance(step, str)), "the file")
    if "propertyNames" in error.absolute_schema_path:
        place = place_of_key(file, _value(tree, path), error.instance)
        yield _problem(
            "schema-format", place, f"the key {error.instance!r} is not allowed as a name here", _hint(about)
        )
    elif rule == "additionalProperties":
        yield from _unknown_keys(about, error.instance, file)
    elif rule == "required":
        yield from _missing_keys(error.validator_value, about, error.instance, place)
    elif rule == "dependentRequired":
        needed = [name for given, names in error.validator_value.items() if given in error.instance for name in names]
        yield from _missing_keys(needed, about, error.instance, place)
    elif key == "token_store" and rule == "type":
        yield _problem("token-store", place, "token_store must be a mapping with file or command", _STORE_HINT)
    elif about.get("writeOnly") and rule in {"type", "pattern"}:
        yield _problem(
            "secret-literal", place, f"{key} must be a reference to a secret, not the secret", _REFERENCE_HINT
        )
    else:
        yield _value_problem(rule, key, error, place)


def _value_problem(rule: str, key: str, error: Any, place: Place) -> Diagnostic:
    """A value that is not what its schema asks for."""
    wanted = error.validator_value
    value = _echo(error.instance)
    if rule == "const":
        text = f"{key} is {value}, and this cwctl reads {wanted}"
        return _problem("file-version", place, text, f"Write {key}: {wanted}, or update cwctl.")
    if rule == "enum":
        choices = ", ".join(str(choice) for choice in wanted)
        near = difflib.get_close_matches(str(error.instance), [str(choice) for choice in wanted], 1)
        hint = f"Did you mean {near[0]}?" if near else None
        return _problem("schema-choice", place, f"{key} is {value}; it must be one of: {choices}", hint)
    if rule == "type":
        kinds = [wanted] if isinstance(wanted, str) else wanted
        text = f"{key} must be {' or '.join(_TYPES.get(kind, kind) for kind in kinds)}, not {value}"
        return _problem("schema-type", place, text, _type_hint(kinds, error.instance) or _hint(error.schema))
    if rule == "pattern":
        return _problem("schema-format", place, f"{key} does not have the right form: {value}", _hint(error.schema))
    if rule in _BOUNDS:
        return _problem("schema-bounds", place, f"{key} {_BOUNDS[rule].format(wanted)}", _hint(error.schema))
    return _problem("schema-refused", place, f"{key} breaks the schema's rule {rule}", _hint(error.schema))


def _unknown_keys(about: dict[str, Any], instance: dict[str, object], file: str) -> Iterator[Diagnostic]:
    known = list(about.get("properties", {}))
    for key in instance:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}."
            place = place_of_key(file, instance, key)
            yield _problem("schema-unknown-key", place, f"unknown key {_echo(key)}", hint)


def _missing_keys(
    needed: list[str], about: dict[str, Any], instance: dict[str, object], place: Place
) -> Iterator[Diagnostic]:
    for key in needed:
        if key == "manage_from" and key not in instance:
            yield _problem("manage-from-missing", place, "manage_from is missing", _MANAGE_FROM_HINT)
        elif key not in instance:
            yield _problem(
                "schema-missing-key", place, f"{key} is missing", _hint(about["properties"][key], meaning=True)
            )


def _hint(about: dict[str, Any], meaning: bool = False) -> str | None:
    """The schema's own description, with an example where it has one."""
    parts = []
    if meaning or "pattern" in about or "examples" in about:
        parts.append(about.get("description", ""))
    if about.get("examples"):
        parts.append(f"For example: {about['examples'][0]}")
    return " ".join(part for part in parts if part) or None


def _type_hint(kinds: list[str], value: object) -> str | None:
    if value is None:
        return "Nothing is written here: give a value, or remove the key."
    if "boolean" in kinds and isinstance(value, str):
        return "Write true or false, in small letters and without quotes."
    if "string" in kinds and isinstance(value, bool | int):
        return "Put it in quotes to make it text."
    if kinds == ["integer"] and isinstance(value, str):
        return "Write it in digits, without quotes, leading zeros or separators."
    return None


def _echo(value: object) -> str:
    """A value for a message, cut to a sensible length."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    text = repr(value) if isinstance(value, str) else str(value).lower()
    return text if len(text) <= _LONGEST_ECHO else text[: _LONGEST_ECHO - 1] + "…"


def _value(tree: Any, path: list[str | int]) -> object:
    for step in path:
        tree = tree[step]
    return tree


def _problem(code: str, place: Place, text: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(code=code, text=text, hint=hint, place=place)
