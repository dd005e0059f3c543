"""Finding and reading the files: folders, links, rights, and the digest."""

import os
from pathlib import Path

import pytest

from engine.workspace.choices import BillingRules
from engine.workspace.files import OPTIONAL, read_sources
from engine.workspace.guards import GuardRules
from engine.workspace.load import find_root, load
from tests.workspace.sample import CUSTOMERS, FILES, SERVICES, write_workspace


def found_in(root: Path) -> list[tuple[str, str]]:
    return [(each.code, str(each.place)) for each in load(root)[1]]


def digest_of(root: Path) -> str:
    workspace, _ = load(root)
    assert workspace is not None
    return workspace.digest


def test_the_root_is_found_from_any_folder_below(tmp_path: Path) -> None:
    root = write_workspace(tmp_path / "workspace")
    below = root / "mappings/deep"
    below.mkdir()
    assert find_root(below) == root
    assert find_root(root) == root
    assert find_root(tmp_path) is None


def test_an_empty_folder_lacks_every_file(tmp_path: Path) -> None:
    workspace, found = load(tmp_path)
    assert workspace is None
    assert [each.place.file for each in found if each.place] == sorted(set(FILES) - OPTIONAL)
    assert {each.code for each in found} == {"file-missing"}


def test_without_billing_rules_a_workspace_is_complete_and_has_the_defaults(tmp_path: Path) -> None:
    workspace, found = load(write_workspace(tmp_path, {"rules/billing.yaml": None}))
    assert found == []
    assert workspace is not None
    assert workspace.rules.billing == BillingRules()


def test_without_guards_a_workspace_is_complete_and_has_the_defaults(tmp_path: Path) -> None:
    workspace, found = load(write_workspace(tmp_path, {"rules/guards.yaml": None}))
    assert found == []
    assert workspace is not None
    assert workspace.rules.guards == GuardRules()


def test_mappings_may_be_folders_of_files_at_any_depth(tmp_path: Path) -> None:
    first, second, third = SERVICES.splitlines()[2:5]
    root = write_workspace(
        tmp_path,
        {
            "mappings/services.yaml": f"version: 1\nservices:\n{first}\n",
            "mappings/services/north.yaml": f"version: 1\nservices:\n{second}\n",
            "mappings/services/south/east/a.yaml": f"version: 1\nservices:\n{third}\n",
            "mappings/services/README.md": "for the reader",
            "mappings/services/.hidden.yaml": "no: [",
            "rules/tests/expected.yaml": "no: [",
        },
    )
    workspace, found = load(root)
    assert found == []
    assert workspace is not None
    assert sorted(workspace.mappings.services) == ["2277242", "2277243", "2277244"]
    assert str(workspace.mappings.services["2277244"].place) == "mappings/services/south/east/a.yaml:3:5"


def test_a_link_out_of_the_workspace_is_refused(tmp_path: Path) -> None:
    root = write_workspace(tmp_path / "workspace", {"mappings/customers.yaml": None})
    outside = tmp_path / "customers.yaml"
    outside.write_text(CUSTOMERS, encoding="utf-8")
    (root / "mappings/customers.yaml").symlink_to(outside)
    assert found_in(root) == [("file-link", "mappings/customers.yaml:1:1")]


def test_a_link_within_the_workspace_is_read(tmp_path: Path) -> None:
    root = write_workspace(tmp_path)
    target = root / "mappings/all.txt"
    (root / "mappings/customers.yaml").rename(target)
    (root / "mappings/customers.yaml").symlink_to(target)
    assert found_in(root) == []


def test_a_linked_folder_is_refused(tmp_path: Path) -> None:
    root = write_workspace(tmp_path)
    (root / "mappings/customers").symlink_to(root / "mappings", target_is_directory=True)
    assert found_in(root) == [("file-link", "mappings/customers:1:1")]


def test_a_link_to_itself_is_a_diagnostic(tmp_path: Path) -> None:
    root = write_workspace(tmp_path, {"rules/sync.yaml": None})
    (root / "rules/sync.yaml").symlink_to(root / "rules/sync.yaml")
    assert found_in(root) == [("file-unreadable", "rules/sync.yaml:1:1")]


def test_a_folder_named_like_a_file_is_a_diagnostic(tmp_path: Path) -> None:
    root = write_workspace(tmp_path, {"rules/sync.yaml": None})
    (root / "rules/sync.yaml").mkdir()
    assert found_in(root) == [("file-unreadable", "rules/sync.yaml:1:1")]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    root = write_workspace(tmp_path, {"rules/sync.yaml": None})
    os.mkfifo(root / "rules/sync.yaml")
    assert found_in(root) == [("file-unreadable", "rules/sync.yaml:1:1")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_the_right_to_read_it_is_a_diagnostic(tmp_path: Path) -> None:
    root = write_workspace(tmp_path)
    (root / "rules/sync.yaml").chmod(0)
    assert found_in(root) == [("file-unreadable", "rules/sync.yaml:1:1")]


def test_a_name_that_is_not_text_can_be_shown(tmp_path: Path) -> None:
    root = write_workspace(tmp_path)
    (root / "rules" / os.fsdecode(b"\xff.yaml")).write_text("version: 1\n", encoding="utf-8")
    (place,) = [each.place for each in load(root)[1]]
    assert place is not None
    assert place.file.encode("utf-8")


def test_the_digest_depends_on_names_and_contents_alone(tmp_path: Path) -> None:
    first = digest_of(write_workspace(tmp_path / "one"))
    assert digest_of(write_workspace(tmp_path / "two")) == first
    changed = {"mappings/services.yaml": SERVICES + "# a note\n"}
    assert digest_of(write_workspace(tmp_path / "three", dict(changed))) != first
    moved = {"mappings/services.yaml": None, "mappings/services/all.yaml": SERVICES}
    assert digest_of(write_workspace(tmp_path / "four", dict(moved))) != first


def test_every_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_workspace(tmp_path)
    opened: list[str] = []
    genuine = Path.open

    def counting(self: Path, mode: str = "r") -> object:
        opened.append(self.name)
        return genuine(self, mode)

    monkeypatch.setattr(Path, "open", counting)
    assert len(read_sources(root).found) == len(FILES)
    assert sorted(opened) == sorted(Path(name).name for name in FILES)
