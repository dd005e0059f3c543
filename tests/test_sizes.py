"""A file is one idea: no module of the engine grows beyond what can be read in one go."""

from pathlib import Path

import engine

LONGEST = 350
"""Lines of a module."""


def test_no_module_of_the_engine_is_longer_than_350_lines() -> None:
    root = Path(str(engine.__file__)).parent
    lengths = {str(file.relative_to(root)): len(file.read_text("utf-8").splitlines()) for file in root.rglob("*.py")}
    assert len(lengths) > 50
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}
