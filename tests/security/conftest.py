"""The workspace, the command line and the connection over loopback that the tests of the command line have, too."""

from tests.cli.conftest import cwctl, loopback, served, workspace

__all__ = ["cwctl", "loopback", "served", "workspace"]
