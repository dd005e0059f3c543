"""The language of `conditions`, `childConditions` and `customFieldConditions`, as a test on records."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from engine.sandbox.psa.errors import bad_request
from engine.sandbox.psa.operands import Field, Literal, Test, comparison, read_instant

Resolve = Callable[[str], Field]
"""The member that a name in a condition stands for; raises ApiError if there is none."""

DEEPEST = 50
_INTEGER = re.compile(r"[-+]?\d{1,18}", re.ASCII)
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"]|"")*"|'(?:[^']|'')*')
    | \[(?P<date>[^\]]*)\]
    | (?P<number>[-+]?\d+(?:\.\d+)?)(?![\w/.])
    | (?P<operator><=|>=|!=|=|<|>)
    | (?P<mark>[(),])
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*(?:/[A-Za-z_][A-Za-z0-9_]*)*)
    )""",
    re.VERBOSE | re.ASCII,
)


class Token(NamedTuple):
    """A piece of a condition: its form, its text without quotation marks, and where it begins."""

    form: str
    text: str
    at: int


class Condition(NamedTuple):
    """A test on records, and the ids that alone can pass it, where the condition says so."""

    test: Test
    ids: frozenset[int] | None = None


def parse(text: str, resolve: Resolve, *, lists: bool = True) -> Condition:
    """The test that a condition stands for. `lists`: whether `in` may be used. Raises ApiError if it is malformed."""
    parser = _Parser(_tokens(text), text, resolve, lists)
    condition = parser.either(0)
    parser.expect_end()
    return condition


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise bad_request(f"The conditions cannot be read at position {at}: {text[at : at + 20]!r}")
        value = match[match.lastgroup]
        if match.lastgroup == "text":
            value = value[1:-1].replace(value[0] * 2, value[0])
        found.append(Token(match.lastgroup, value, match.start(match.lastgroup)))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[Token], text: str, resolve: Resolve, lists: bool) -> None:
        self._tokens = tokens
        self._end = Token("end", "the end", len(text))
        self._at = 0
        self._resolve = resolve
        self._lists = lists

    def either(self, depth: int) -> Condition:
        if depth > DEEPEST:
            raise bad_request(f"The conditions are nested deeper than {DEEPEST} times")
        parts = [self._both(depth)]
        while self._taken_word("or"):
            parts.append(self._both(depth))
        if len(parts) == 1:
            return parts[0]
        ids: frozenset[int] | None = frozenset()
        for part in parts:
            ids = None if ids is None or part.ids is None else ids | part.ids
        tests = [part.test for part in parts]
        return Condition(lambda record: any(test(record) for test in tests), ids)

    def _both(self, depth: int) -> Condition:
        parts = [self._factor(depth)]
        while self._taken_word("and"):
            parts.append(self._factor(depth))
        if len(parts) == 1:
            return parts[0]
        ids: frozenset[int] | None = None
        for part in parts:
            if part.ids is not None:
                ids = part.ids if ids is None else ids & part.ids
        tests = [part.test for part in parts]
        return Condition(lambda record: all(test(record) for test in tests), ids)

    def _factor(self, depth: int) -> Condition:
        if self._taken_word("not"):
            inner = self._grouped(depth).test
            return Condition(lambda record: not inner(record))
        if self._peek().text == "(" and self._peek().form == "mark":
            return self._grouped(depth)
        return self._comparison()

    def _grouped(self, depth: int) -> Condition:
        self._expect("(")
        inner = self.either(depth + 1)
        self._expect(")")
        return inner

    def _comparison(self) -> Condition:
        token = self._next()
        if token.form != "word" or token.text.lower() in ("and", "or", "in", "like", "contains"):
            raise self._unexpected(token, "a field")
        field = self._resolve(token.text)
        operator, negated = self._operator()
        values = self._list() if operator == "in" else [self._value()]
        test = comparison(field, operator, values, negated)
        ids: frozenset[int] | None = None
        if field.path == ("id",) and not negated and operator in ("=", "in"):
            ids = frozenset(value.value for value in values if type(value.value) is int)
            ids = ids if len(ids) == len({value.value for value in values}) else None
        return Condition(test, ids)

    def _operator(self) -> tuple[str, bool]:
        token = self._next()
        if token.form == "operator":
            return ("=", True) if token.text == "!=" else (token.text, False)
        negated = token.form == "word" and token.text.lower() == "not"
        if negated:
            token = self._next()
        word = token.text.lower()
        if token.form != "word" or word not in ("in", "like", "contains"):
            raise self._unexpected(token, "an operator")
        if word == "in" and not self._lists:
            raise bad_request("in cannot be used in childConditions and customFieldConditions")
        return word, negated

    def _list(self) -> list[Literal]:
        self._expect("(")
        values = [self._value()]
        while self._peek().text == "," and self._peek().form == "mark":
            self._at += 1
            values.append(self._value())
        self._expect(")")
        return values

    def _value(self) -> Literal:
        token = self._next()
        word = token.text.lower()
        if token.form == "text":
            return Literal("text", token.text)
        if token.form == "number":
            return Literal("number", int(token.text) if _INTEGER.fullmatch(token.text) else Decimal(token.text))
        if token.form == "date":
            return Literal("date", read_instant(token.text))
        if token.form == "word" and word in ("true", "false"):
            return Literal("flag", word == "true")
        if token.form == "word" and word == "null":
            return Literal("null", None)
        raise self._unexpected(token, "a value")

    def expect_end(self) -> None:
        if self._peek() is not self._end:
            raise self._unexpected(self._peek(), "and, or, or the end")

    def _peek(self) -> Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else self._end

    def _next(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _taken_word(self, word: str) -> bool:
        token = self._peek()
        taken = token.form == "word" and token.text.lower() == word
        self._at += taken
        return taken

    def _expect(self, mark: str) -> None:
        token = self._next()
        if token.form != "mark" or token.text != mark:
            raise self._unexpected(token, mark)

    def _unexpected(self, token: Token, wanted: str) -> Exception:
        return bad_request(
            f"The conditions cannot be read at position {token.at}: {wanted} expected, not {token.text!r}"
        )


def both(conditions: list[Condition]) -> Condition:
    """The condition that holds where all hold."""
    if len(conditions) == 1:
        return conditions[0]
    known = [condition.ids for condition in conditions if condition.ids is not None]
    tests = [condition.test for condition in conditions]

    def test(record: Any) -> bool:
        return all(one(record) for one in tests)

    return Condition(test, frozenset.intersection(*known) if known else None)
