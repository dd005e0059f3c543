"""Finding and loading the workspace that a command works on."""

import sys
from pathlib import Path

from engine.cli.exits import Stop
from engine.cli.output import print_diagnostics
from engine.diagnostics import Diagnostic
from engine.workspace.model import Connection, Connections, Workspace


def root_of(directory: str | None) -> Path:
    """The workspace's folder: the one given, else the nearest one from here upwards. Raises Stop."""
    from engine.workspace.load import find_root

    if directory is not None:
        root = Path(directory)
        if not root.is_dir():
            raise Stop(f"there is no folder {directory}", hint="-C and CWCTL_WORKSPACE name the workspace's folder.")
        return root.resolve()
    found = find_root(Path.cwd())
    if found is None:
        raise Stop(
            "this is not in a workspace: no folder from here upwards holds config/connections.yaml",
            hint="Go into your workspace, or name it with -C DIR or CWCTL_WORKSPACE.",
        )
    return found


def loaded(directory: str | None, connection: str | None) -> tuple[Workspace, Connection]:
    """The workspace and the connection to use. Problems are printed to stderr; any error raises Stop."""
    workspace, found = read(directory, connection)
    if found:
        print_diagnostics(found, sys.stderr)
    if workspace is None:
        raise Stop("the workspace has errors; nothing was read or changed", hint="Mend them and run it again.")
    return workspace, _chosen(workspace.connections, connection)


def connection_named(root: Path, connection: str | None) -> Connection:
    """The connection to use, whatever the state of mappings and rules. Problems are printed; any error raises Stop."""
    from engine.workspace.load import load_connections

    connections, found = load_connections(root)
    if found:
        print_diagnostics(found, sys.stderr)
    if connections is None:
        raise Stop("config/connections.yaml has errors; nothing was tried", hint="Mend them and run it again.")
    return _chosen(connections, connection)


def _chosen(connections: Connections, name: str | None) -> Connection:
    known = connections.by_name
    wanted = name or connections.default
    if wanted not in known:
        raise Stop(
            f"there is no connection {wanted!r}", hint=f"config/connections.yaml has {', '.join(sorted(known))}."
        )
    return known[wanted]


def read(directory: str | None, connection: str | None = None) -> tuple[Workspace | None, list[Diagnostic]]:
    """The workspace, or None, and everything that is to be said about it."""
    from engine.workspace.load import load

    return load(root_of(directory), connection)
