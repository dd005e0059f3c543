"""Which room may know what: the rules of the architecture, read from the code itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine

ROOT = Path(str(engine.__file__)).parent
IO = frozenset(
    {
        *("asyncio", "fcntl", "glob", "http", "io", "logging", "os", "pathlib", "random", "secrets", "shutil"),
        *("socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib"),
        *("click", "httpx", "jinja2", "jsonschema", "jsonschema_rs", "rich", "starlette", "uvicorn", "yaml"),
    }
)
"""Modules through which a program meets the world, or a clock, or chance."""

ONLY_IN = {
    "click": {"cli"},
    "rich": {"cli"},
    "httpx": {"http", "platform", "psa"},
    "yaml": {"workspace"},
    "jsonschema": {"workspace"},
    "jsonschema_rs": {"workspace"},
    "jinja2": {"reporting", "notifying"},
    "starlette": {"sandbox"},
    "uvicorn": {"sandbox"},
}
KNOWS = {
    "diagnostics": set[str](),
    "billing": {"billing"},
    "planning": {"billing", "diagnostics", "planning", "platform", "psa", "workspace"},
    "applying": {"applying", "http", "planning", "psa"},
    "reporting": {"reporting", "resources"},
    # Cases as the workspace reads them, reckoned by the calculus: neither of the two may know the other.
    "rule_tests": {"billing", "diagnostics", "workspace"},
    "workspace": {"diagnostics", "resources", "workspace"},
    "platform": {"file_lock", "http", "platform", "workspace", "diagnostics"},
    "psa": {"http", "psa", "workspace", "diagnostics"},
    "http": {"http", "workspace", "diagnostics"},
    "sandbox": {"diagnostics", "sandbox"},
}
"""The rooms that a room may import from. Those that join the rooms, `pipeline` and `cli`, are not listed."""

PURE = {
    "engine.platform": {"models"},
    "engine.psa": {"mark", "models", "text"},
    "engine.workspace": {"choices", "guards", "model", "owners"},
}
"""What a pure room may know of one that does input and output: values and their text."""


class Import:
    """A module that a file of the engine imports, and where."""

    def __init__(self, file: Path, line: int, module: str) -> None:
        self.file, self.line, self.module = file, line, module
        parts = file.relative_to(ROOT).with_suffix("").parts
        self.room = parts[0]

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]

    def __repr__(self) -> str:
        return f"{self.file.relative_to(ROOT.parent)}:{self.line} imports {self.module}"


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted(ROOT.rglob("*.py")):
        yield file, ast.parse(file.read_text("utf-8"))


def imports(trees: list[tuple[Path, ast.Module]]) -> Iterator[Import]:
    for file, tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (Import(file, node.lineno, name.name) for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file} imports relatively"
                module = node.module or ""
                yield Import(file, node.lineno, module)
                yield from (Import(file, node.lineno, f"{module}.{name.name}") for name in node.names)


TREES = list(trees())
IMPORTS = list(imports(TREES))


def test_the_walk_sees_every_room() -> None:
    assert {*KNOWS, "cli", "pipeline"} <= {one.room for one in IMPORTS} | {"diagnostics", "resources"}
    assert len(TREES) > 50


@pytest.mark.parametrize("library", sorted(ONLY_IN))
def test_a_library_is_known_only_where_it_belongs(library: str) -> None:
    found = [one for one in IMPORTS if one.top == library and one.room not in ONLY_IN[library]]
    assert found == []


@pytest.mark.parametrize("room", sorted(KNOWS))
def test_a_room_knows_only_the_rooms_that_it_may(room: str) -> None:
    def allowed(module: str) -> bool:
        parts = module.split(".")
        return len(parts) < 2 or parts[1] in KNOWS[room]

    found = [one for one in IMPORTS if one.room == room and one.top == "engine" and not allowed(one.module)]
    assert found == []


@pytest.mark.parametrize("room", ["billing", "planning"])
def test_the_pure_rooms_touch_no_input_or_output(room: str) -> None:
    mine = [one for one in IMPORTS if one.room == room]
    assert [one for one in mine if one.top in IO] == []
    impure = [
        one
        for one in mine
        for package, modules in PURE.items()
        if one.module == package or (one.module.startswith(f"{package}.") and one.module.split(".")[2] not in modules)
    ]
    assert impure == []


def test_only_the_command_line_prints_and_exits() -> None:
    ways = {"print", "exit", "quit", "input", "SystemExit", "sys.exit", "os._exit", "sys.stdout", "sys.stderr"}
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno} uses {ast.unparse(node)}"
        for file, tree in TREES
        if file.relative_to(ROOT).parts[0] != "cli"
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in ways
    ]
    assert found == []


def test_the_pure_rooms_ask_no_clock() -> None:
    found = [
        f"{file}:{node.lineno}"
        for file, tree in TREES
        if file.relative_to(ROOT).parts[0] in {"billing", "planning", "reporting", "applying"}
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"today", "now", "utcnow", "fromtimestamp"}
    ]
    assert found == []


def test_the_command_line_loads_what_is_heavy_only_when_it_needs_it() -> None:
    heavy = {"httpx", "jinja2", "jsonschema", "jsonschema_rs", "rich", "starlette", "uvicorn", "yaml", "deepdiff"}
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno} imports {module}"
        for file, tree in TREES
        if file.relative_to(ROOT).parts[0] == "cli"
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for module in ([name.name for name in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        if module.partition(".")[0] in heavy
    ]
    assert found == []
