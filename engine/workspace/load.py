"""Loads a workspace: reads its files, checks them, and builds typed values, or says everything that is wrong."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.diagnostics import Diagnostic, errors, in_order
from engine.workspace.build import build
from engine.workspace.build_connections import build_connections
from engine.workspace.checks import CONNECTION_CHECKS, findings
from engine.workspace.draft import draft_of
from engine.workspace.files import CONNECTIONS, Source, digest, find_root, read_sources
from engine.workspace.gate import Gate
from engine.workspace.model import Connections, Workspace
from engine.workspace.nodes import Entry
from engine.workspace.yaml_strict import YamlMap, read_yaml

__all__ = ["find_root", "load", "load_connections"]


def load(root: Path, connection: str | None = None) -> tuple[Workspace | None, list[Diagnostic]]:
    """The workspace at `root`, and everything that is to be said about it, ordered by place.

    With any error there is no workspace, and every problem of every file is listed; without errors the list may hold
    warnings. `connection` is the connection that a run will use, where it is not the default: effective dates are
    checked against its `manage_from`.
    """
    with _without_collection():
        return _load(root, connection)


def _load(root: Path, connection: str | None) -> tuple[Workspace | None, list[Diagnostic]]:
    """Read, check, build. The files' trees are gone when this returns, so that the collector never walks them."""
    sources = read_sources(root)
    documents, unfit = _accepted(sources.found)
    broken = sources.broken | {source.schema for source, _ in unfit}
    draft = draft_of(documents, broken, connection)
    problems = [*sources.problems, *(problem for _, found in unfit for problem in found), *findings(draft)]
    if errors(problems):
        return None, in_order(problems)
    return build(draft, str(root), digest(sources.found)), in_order(problems)


def load_connections(root: Path) -> tuple[Connections | None, list[Diagnostic]]:
    """The connections alone, whatever the state of mappings and rules: credentials can be tried before them."""
    sources = read_sources(root)
    documents, unfit = _accepted([source for source in sources.found if source.schema == "connections"])
    draft = draft_of(documents, frozenset(), None)
    missing = [problem for problem in sources.problems if problem.place and problem.place.file == CONNECTIONS]
    problems = [*missing, *(problem for _, found in unfit for problem in found), *findings(draft, CONNECTION_CHECKS)]
    if errors(problems) or draft.connections is None:
        return None, in_order(problems)
    return build_connections(draft.connections), in_order(problems)


def _accepted(sources: list[Source]) -> tuple[list[tuple[str, Entry]], list[tuple[Source, list[Diagnostic]]]]:
    """The documents that satisfy their schema, and the sources that do not with their problems."""
    documents: list[tuple[str, Entry]] = []
    unfit: list[tuple[Source, list[Diagnostic]]] = []
    gate = Gate()
    for source in sources:
        tree, found = read_yaml(source.content, source.file)
        found = found or gate.problems(source.schema, tree, source.file)
        if not found and isinstance(tree, YamlMap):
            documents.append((source.schema, Entry(source.file, tree)))
        else:
            unfit.append((source, found))
    return documents, unfit


@contextmanager
def _without_collection() -> Iterator[None]:
    """Switch garbage collection off: a bulk load makes many objects and no garbage, and takes half the time so."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
