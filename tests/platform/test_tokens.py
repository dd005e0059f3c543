"""The refresh token is never lost: not by a crash, not by a second process, not by a lost reply."""

import multiprocessing
import os
import stat
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
import respx

from engine.http.errors import AuthenticationFailed, Unreachable
from engine.platform.token_store import CommandStore, FileStore, MemoryStore, Tokens, TokenStoreError
from engine.platform.tokens import TokenSource
from tests.http.support import SERVICE_URL
from tests.platform.support import BASE, NOW, FreshStore, client, held

OLD = "made-up-refresh-1"


@pytest.fixture
def service() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=SERVICE_URL, assert_all_called=False) as router:
        router.get(f"{BASE}/customers").respond(json={"customers": []})
        yield router


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A token store with nothing but a refresh token."""
    path = tmp_path / "token"
    path.write_text(f"{OLD}\n")
    path.chmod(0o600)
    return path


def granted(number: int = 2) -> httpx.Response:
    body = {
        "access_token": f"made-up-access-{number}",
        "expires_in": 7200,
        "refresh_token": f"made-up-refresh-{number}",
        "refresh_expires_in": 2764273,
    }
    return httpx.Response(200, json=body)


def test_the_new_token_is_stored_with_the_old_one(service: respx.MockRouter, kept: Path) -> None:
    route = service.post("/oauth/token").mock(return_value=granted())
    client(FileStore(kept)).customers()
    assert route.calls.last.request.content == b"grant_type=refresh_token&refresh_token=made-up-refresh-1"
    assert service.calls.last.request.headers["authorization"] == "Bearer made-up-access-2"
    assert FileStore(kept).get() == Tokens(
        refresh_token="made-up-refresh-2",
        previous=OLD,
        obtained_at=NOW,
        expires_at=NOW + timedelta(seconds=2764273),
        access_token="made-up-access-2",
        access_expires_at=NOW + timedelta(seconds=7200),
    )
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_second_process_within_two_hours_needs_no_exchange(service: respx.MockRouter, kept: Path) -> None:
    route = service.post("/oauth/token").mock(side_effect=[granted()])
    client(FileStore(kept)).customers()
    client(FileStore(kept)).customers()
    assert route.call_count == 1


def test_the_new_token_is_stored_before_it_is_used(service: respx.MockRouter, kept: Path) -> None:
    service.post("/oauth/token").mock(return_value=granted())
    stored: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        stored.append(FileStore(kept).get().refresh_token)
        return httpx.Response(200, json={"customers": []})

    service.get(f"{BASE}/customers").mock(side_effect=answer)
    client(FileStore(kept)).customers()
    assert stored == ["made-up-refresh-2"]


def test_a_401_in_mid_run_renews_once(service: respx.MockRouter) -> None:
    exchange = service.post("/oauth/token").mock(return_value=granted())
    known = "Bearer made-up-access-2"
    service.get(f"{BASE}/customers").mock(
        side_effect=lambda request: httpx.Response(200 if request.headers["authorization"] == known else 401, json={})
    )
    platform = client(FreshStore())
    assert platform.customers() == []
    assert platform.customers() == []
    assert exchange.call_count == 1


def test_a_401_that_stays_is_an_error(service: respx.MockRouter) -> None:
    exchange = service.post("/oauth/token").mock(return_value=granted())
    service.get(f"{BASE}/customers").respond(401, json={"error": "UNAUTHENTICATED", "message": "no"})
    with pytest.raises(AuthenticationFailed, match="token store"):
        client(FreshStore()).customers()
    assert exchange.call_count == 1


def test_many_threads_share_one_exchange() -> None:
    counted: list[str] = []
    lock = threading.Lock()

    def exchange(tokens: Tokens, now: datetime) -> Tokens:
        with lock:
            counted.append(tokens.refresh_token)
        return held(refresh_token=f"{tokens.refresh_token}+", access_token=f"access-{len(counted)}")

    source = TokenSource(MemoryStore("first"), exchange, lambda: NOW)
    with ThreadPoolExecutor(8) as pool:
        first = list(pool.map(lambda _: source.authorize()["Authorization"], range(32)))
        renewed = list(pool.map(lambda _: source.renew({"Authorization": "Bearer access-1"}), range(32)))
    assert set(first) == {"Bearer access-1"}
    assert all(renewed)
    assert counted == ["first", "first+"]


def test_an_access_token_is_renewed_before_it_ends() -> None:
    moment = NOW
    source = TokenSource(
        FreshStore(),
        lambda tokens, now: held(access_token="next", access_expires_at=now + timedelta(hours=2)),
        lambda: moment,
    )
    assert source.authorize()["Authorization"] == "Bearer made-up-access-1"
    moment = NOW + timedelta(minutes=59)
    assert source.authorize()["Authorization"] == "Bearer next"


def test_a_lost_reply_says_how_to_go_on(service: respx.MockRouter, kept: Path) -> None:
    route = service.post("/oauth/token").mock(side_effect=httpx.ReadTimeout("slow"))
    with pytest.raises(AuthenticationFailed, match=r"did not arrive.*may have replaced.*Run again") as caught:
        client(FileStore(kept)).customers()
    assert route.call_count == 1
    assert OLD not in str(caught.value)
    assert FileStore(kept).get() == Tokens(refresh_token=OLD, rotating_since=NOW)
    service.post("/oauth/token").respond(400, json={"error": "invalid_grant"})
    with pytest.raises(AuthenticationFailed, match=r"begun at 2027-01-10 12:00 UTC was never finished.*new refresh"):
        client(FileStore(kept)).customers()


@pytest.mark.parametrize(
    "content", [b'{"access_token": "made-up', b"<html><title>x</title></html>", b'{"expires_in": 1}']
)
def test_an_unreadable_reply_may_have_cost_the_token(service: respx.MockRouter, kept: Path, content: bytes) -> None:
    service.post("/oauth/token").respond(content=content)
    with pytest.raises(AuthenticationFailed, match="may have replaced"):
        client(FileStore(kept)).customers()


def test_a_refused_token_says_how_to_go_on(service: respx.MockRouter, kept: Path) -> None:
    body = {"error": "invalid_grant", "error_description": f"unknown token {OLD}"}
    service.post("/oauth/token").respond(400, json=body)
    with pytest.raises(AuthenticationFailed, match=r"used elsewhere, withdrawn or has run out.*token store") as caught:
        client(FileStore(kept)).customers()
    assert OLD not in str(caught.value)
    assert FileStore(kept).get() == Tokens(refresh_token=OLD)


def test_an_unreachable_platform_costs_no_token(service: respx.MockRouter, kept: Path) -> None:
    service.post("/oauth/token").mock(side_effect=httpx.ConnectError("no route"))
    with pytest.raises(Unreachable):
        client(FileStore(kept)).customers()
    assert FileStore(kept).get() == Tokens(refresh_token=OLD)


def test_a_store_that_cannot_be_written_stops_before_the_exchange(service: respx.MockRouter, tmp_path: Path) -> None:
    class ReadOnly(FreshStore):
        def put(self, tokens: Tokens) -> None:
            if tokens.rotating_since:
                raise TokenStoreError("there", "it cannot be written", "Make it writable.")
            super().put(tokens)

    store = ReadOnly()
    store.put(Tokens(refresh_token=OLD))
    route = service.post("/oauth/token").mock(return_value=granted())
    with pytest.raises(TokenStoreError, match="cannot be written"):
        client(store).customers()
    assert route.call_count == 0


def test_a_new_token_that_cannot_be_kept_is_not_used(service: respx.MockRouter) -> None:
    class Failing(MemoryStore):
        attempts = 0

        def put(self, tokens: Tokens) -> None:
            if tokens.access_token:
                self.attempts += 1
                raise TokenStoreError("there", "disk full", "Make room.")
            super().put(tokens)

    store = Failing(OLD)
    service.post("/oauth/token").mock(return_value=granted())
    lists = service.get(f"{BASE}/customers")
    with pytest.raises(TokenStoreError, match=r"could not be kept \(disk full\)"):
        client(store).customers()
    assert store.attempts == 3
    assert lists.call_count == 0


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_can_read_is_refused(kept: Path, mode: int) -> None:
    kept.chmod(mode)
    with pytest.raises(TokenStoreError, match=f"chmod 600 {kept}") as caught:
        FileStore(kept).get()
    assert OLD not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"two words", b'{"refresh": 1}', b'{"refresh_token"', b"\xff"])
def test_a_damaged_file_is_explained(kept: Path, content: bytes) -> None:
    kept.write_bytes(content)
    with pytest.raises(TokenStoreError, match=r"Write the refresh token|needs at least"):
        FileStore(kept).get()


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(TokenStoreError, match="does not exist"):
        FileStore(tmp_path / "none").get()


def test_a_write_that_fails_leaves_what_was_there(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TokenStoreError, match="No space left"):
        FileStore(kept).put(Tokens(refresh_token="made-up-refresh-2"))
    monkeypatch.undo()
    assert FileStore(kept).get().refresh_token == OLD
    assert [path.name for path in kept.parent.iterdir()] == ["token"]


def test_a_link_to_the_store_stays_a_link(kept: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(kept)
    FileStore(link).put(Tokens(refresh_token="made-up-refresh-2"))
    assert link.is_symlink()
    assert FileStore(kept).get().refresh_token == "made-up-refresh-2"


def test_commands_get_and_put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    vault = tmp_path / "vault"
    vault.write_text(OLD)
    script = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_bytes(sys.stdin.buffer.read())"
    store = CommandStore(("cat", str(vault)), (sys.executable, "-c", script, str(vault)))
    with store.locked():
        assert store.get() == Tokens(refresh_token=OLD)
        store.put(held())
    assert store.get() == held()


def test_a_failing_command_does_not_show_what_it_printed() -> None:
    command = ("sh", "-c", f"echo {OLD}; echo {OLD} >&2; exit 3")
    with pytest.raises(TokenStoreError, match=r"`sh`: the command ended with exit code 3") as caught:
        CommandStore(command, command).get()
    assert OLD not in str(caught.value)


def test_tokens_do_not_show_themselves() -> None:
    assert "made-up" not in repr(held(previous="made-up-refresh-0"))


def _rotate(path: str, log: str, times: int) -> None:
    def exchange(tokens: Tokens, now: datetime) -> Tokens:
        # Like the platform: only the current refresh token is taken, and taking it ends it.
        with Path(log).open("r+") as file:
            current = file.read()
            file.seek(0)
            assert current == tokens.refresh_token
            new = f"token-{int(current.removeprefix('token-')) + 1:04}"
            file.write(new)
        return Tokens(refresh_token=new, access_token=new, access_expires_at=now)

    source = TokenSource(FileStore(Path(path)), exchange, lambda: NOW)
    for _ in range(times):
        source.authorize()


def test_two_processes_rotate_in_turn(tmp_path: Path) -> None:
    store, platform = tmp_path / "token", tmp_path / "platform"
    FileStore(store).put(Tokens(refresh_token="token-0000"))
    platform.write_text("token-0000")
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_rotate, args=(str(store), str(platform), 10)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert FileStore(store).get().refresh_token == platform.read_text() == "token-0020"


def test_the_file_is_json_for_a_person(kept: Path) -> None:
    FileStore(kept).put(held())
    assert msgspec.json.decode(kept.read_bytes())["refresh_token"] == OLD
    assert kept.read_text().count("\n") > 2
