"""Two runs at once could make a line twice: the second one is refused."""

from engine.cli.own_folder import one_writer
from tests.cli.support import Cwctl, Served


def test_a_second_run_that_writes_is_refused(served: Served, cwctl: Cwctl) -> None:
    with one_writer(served.root, "served"):
        ended = cwctl("apply", "--as-of", "2026-06-15", "--yes")
    assert ended.code == 3
    assert "another `cwctl apply` is writing; nothing was written" in ended.err
    assert not [request for request in served.requests("psa") if request.startswith(("POST", "PATCH"))]


def test_reading_needs_no_lock_and_another_connection_has_its_own(served: Served, cwctl: Cwctl) -> None:
    with one_writer(served.root, "served"):
        assert cwctl("plan", "--as-of", "2026-06-15").code == 0
    with one_writer(served.root, "another"):
        assert cwctl("apply", "--as-of", "2026-06-15", "--yes").code == 0
