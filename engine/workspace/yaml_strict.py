"""Strict YAML: every value is taken as written, and every value knows where it stands.

Plain text is text, except whole decimal numbers without a leading zero, `true`, `false`, `null` and nothing at all. So
`no`, `12:30`, `010`, `1.50` and `2026-01-01` stay what a person typed. What could surprise is refused with its place:
duplicate keys, anchors, aliases, merge keys, tags, several documents, tabs as indentation, control characters and deep
nesting.
"""

import re
from collections.abc import Callable
from typing import Any, Protocol

import yaml

from engine.diagnostics import Diagnostic, Place

try:
    from yaml import CSafeLoader as _Parser
except ImportError:  # PyYAML built without libyaml: the same events, more slowly
    from yaml import SafeLoader as _Parser  # type: ignore[assignment]

MAX_DEPTH = 24
MAX_BYTES = 32 * 1024 * 1024

_NOT_ALLOWED = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
_CONSTANTS: dict[str, object] = {"": None, "null": None, "true": True, "false": False}


class Mark(Protocol):
    """A position as the parser gives it, counted from 0."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


class YamlMap(dict[str, object]):
    """A mapping that knows where it begins and, for each key, where the key and its value stand."""

    __slots__ = ("marks", "start")

    def __init__(self, start: Mark) -> None:
        super().__init__()
        self.start = start
        self.marks: dict[str, tuple[Mark, Mark]] = {}


class YamlList(list[object]):
    """A sequence that knows where it begins and where each item stands."""

    __slots__ = ("marks", "start")

    def __init__(self, start: Mark) -> None:
        super().__init__()
        self.start = start
        self.marks: list[Mark] = []


def read_yaml(content: bytes, file: str) -> tuple[object, list[Diagnostic]]:
    """The one document of a file, and what is wrong with it. With any problem the document must not be used."""
    if len(content) > MAX_BYTES:
        return None, [_problem("file-too-large", file, 1, 1, f"the file is larger than {MAX_BYTES // 1024**2} MiB")]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _position(content[: error.start].decode("utf-8-sig", "replace"))
        return None, [_problem("file-encoding", file, line, column, "the file is not UTF-8 text from here on")]
    if found := _NOT_ALLOWED.search(text):
        line, column = _position(text[: found.start()])
        what = f"character U+{ord(found.group()):04X} is not allowed in YAML"
        return None, [_problem("yaml-character", file, line, column, what)]
    builder = _Builder(file)
    try:
        parser = _Parser(text)
        try:
            builder.run(parser.get_event)
        finally:
            parser.dispose()
    except yaml.MarkedYAMLError as error:
        builder.problems.append(_syntax_problem(error, text, file))
    if not builder.problems and builder.documents == 0:
        builder.problems.append(_problem("yaml-empty", file, 1, 1, "the file is empty"))
    return builder.result, builder.problems


class _Builder:
    """Turns parser events into maps and lists. It keeps its own stack, so no nesting can exhaust Python's."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Diagnostic] = []
        self.documents = 0
        self.result: object = None
        self.stack: list[YamlMap | YamlList] = []

    def run(self, next_event: Callable[[], Any]) -> None:
        """Read events to the end, or to the first that leaves no sense in going on."""
        key: str | None = None
        key_mark: Any = None
        top: YamlMap | YamlList | None = None
        mapping: YamlMap | None = None
        while (event := next_event()) is not None:
            kind = type(event)
            if kind is not yaml.ScalarEvent:
                if not self.structure(event, None if key is None else (key, key_mark)):
                    return
                key = None
                top = self.stack[-1] if self.stack else None
                mapping = top if isinstance(top, YamlMap) else None
                continue
            if event.anchor is not None or event.tag is not None:
                self.refuse_extras(event)
            text: str = event.value
            plain = not event.style
            if mapping is not None and key is None:
                key, key_mark = text, event.start_mark
                if plain and (not text or text == "<<"):
                    self.refuse_key(text, key_mark)
                continue
            value: object = text
            if plain:
                if text in _CONSTANTS:
                    value = _CONSTANTS[text]
                elif text[0] in "-0123456789" and _WHOLE_NUMBER.fullmatch(text):
                    value = int(text)
            elif not text.isprintable() and _NOT_ALLOWED.search(text):
                self.report("yaml-character", event.start_mark, "the text holds an escaped control character")
            if mapping is not None and key is not None and key not in mapping:
                mapping[key] = value
                mapping.marks[key] = (key_mark, event.start_mark)
            else:
                self.put(value, top, None if key is None else (key, key_mark), event.start_mark)
            key = None

    def structure(self, event: Any, key: tuple[str, Mark] | None) -> bool:
        """Take an event that is no scalar; whether to go on."""
        if isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                start: Any = event.start_mark
                self.report("yaml-documents", start, "a second document begins here")
                return False
        elif isinstance(event, yaml.NodeEvent):
            return self.node(event, key)
        return True

    def node(self, event: Any, key: tuple[str, Mark] | None) -> bool:
        """Take an alias or the start of a mapping or sequence; whether to go on."""
        mark: Mark = event.start_mark
        self.refuse_extras(event)
        top = self.stack[-1] if self.stack else None
        if key is None and type(top) is YamlMap:
            self.report("yaml-key", mark, "a key must be plain text")
            return False
        if isinstance(event, yaml.AliasEvent):
            self.put(None, top, key, mark)
            return True
        new = YamlMap(mark) if isinstance(event, yaml.MappingStartEvent) else YamlList(mark)
        self.put(new, top, key, mark)
        self.stack.append(new)
        if len(self.stack) > MAX_DEPTH:
            self.report("yaml-too-deep", mark, f"nested more than {MAX_DEPTH} levels deep")
            return False
        return True

    def put(self, value: object, top: YamlMap | YamlList | None, key: tuple[str, Mark] | None, mark: Mark) -> None:
        """Put a value where it belongs: under the pending key, at the end of a list, or as the whole document."""
        if key is not None and type(top) is YamlMap:
            name, key_mark = key
            if name in top:
                first = top.marks[name][0].line + 1
                self.report("yaml-duplicate-key", key_mark, f"key {name!r} is already given in line {first}")
            else:
                top[name] = value
                top.marks[name] = (key_mark, mark)
        elif type(top) is YamlList:
            top.append(value)
            top.marks.append(mark)
        else:
            self.result = value

    def refuse_extras(self, event: Any) -> None:
        if event.anchor is not None:
            what = "alias *" if isinstance(event, yaml.AliasEvent) else "anchor &"
            self.report("yaml-alias", event.start_mark, what + event.anchor)
        tag = getattr(event, "tag", None)
        if tag is not None:
            self.report("yaml-tag", event.start_mark, f"tag {tag}")

    def refuse_key(self, text: str, mark: Mark) -> None:
        if text:
            self.report("yaml-merge", mark, "merge key <<")
        else:
            self.report("yaml-key", mark, "the key is missing before the colon")

    def report(self, code: str, mark: Mark, text: str) -> None:
        self.problems.append(_problem(code, self.file, mark.line + 1, mark.column + 1, text))


_HINTS = {
    "file-too-large": "Split the file: mappings may be folders of files.",
    "file-encoding": "Save the file as UTF-8.",
    "yaml-character": "Remove the character.",
    "yaml-empty": "Begin with `version: 1`, or remove the file.",
    "yaml-alias": "Anchors and aliases are not read here. Write the value out where it is meant.",
    "yaml-merge": "Write the keys out; in a key that is really named so, quote it.",
    "yaml-tag": "Tags are not read here. Remove the tag; put the value in quotes if it must be text.",
    "yaml-documents": "Keep one document per file: remove the `---` line, or split the file.",
    "yaml-key": "Give a key that is plain text; quote it if it begins with a special character.",
    "yaml-too-deep": "No file of a workspace is that deep. Look for a bracket that is never closed.",
    "yaml-duplicate-key": "Keep one of the two.",
    "yaml-tab": "Indent with spaces.",
    "yaml-syntax": "Check the indentation, quotes and brackets here and in the line before.",
}


def _problem(code: str, file: str, line: int, column: int, text: str) -> Diagnostic:
    return Diagnostic(code=code, text=text, hint=_HINTS[code], place=Place(file, line, column))


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, file: str) -> Diagnostic:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    lines = _BREAK.split(text)
    here = lines[line - 1] if line <= len(lines) else ""
    before = here[: column - 1]
    if (here[column - 1 : column] == "\t" or "\t" in before) and not before.strip():
        return _problem("yaml-tab", file, line, before.find("\t") + 1 or column, "a tab is used as indentation")
    what = " ".join(part for part in (error.context, error.problem) if part)
    return _problem("yaml-syntax", file, line, column, f"not readable as YAML: {what}")


def _position(before: str) -> tuple[int, int]:
    """Line and column, from 1, of the character that follows `before`."""
    lines = _BREAK.split(before)
    return len(lines), len(lines[-1]) + 1
