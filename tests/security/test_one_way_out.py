"""Everything that is printed goes through one module, which lets nothing out that drives a terminal."""

import ast
from pathlib import Path

import engine

CLI = Path(str(engine.__file__)).parent / "cli"
MAY_WRITE = {"output.py", "start.py"}
"""`start` writes one fixed text, before anything else is loaded."""


def test_only_one_module_writes_to_the_standard_streams() -> None:
    ways = {"print", "click.echo", "click.secho", "sys.stdout.write", "sys.stderr.write", "sys.stdout.buffer.write"}
    found = [
        f"{file.name}:{node.lineno}"
        for file in sorted(CLI.glob("*.py"))
        if file.name not in MAY_WRITE
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ways
    ]
    assert found == []
