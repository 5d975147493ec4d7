"""An upload by the real client, in a process of its own, to a hub on this machine."""

import os
import subprocess
import sys
from pathlib import Path

from export.test_hf_refusals import Own, own
from support.local_hub import TOKEN, LocalHub

__all__ = ["own"]


def pushed(
    hub: LocalHub, own: Own, tmp_path: Path, *words: str
) -> subprocess.CompletedProcess[str]:
    folder = tmp_path / f"new{len(hub.commits)}{hub.refuses}"
    where = ("--include_path", tmp_path / "own", "-o", folder, "--push", "me/data")
    environment = {"HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN, "HF_HUB_OFFLINE": "0"}
    return subprocess.run(
        [sys.executable, "-m", "harness", "export", "hf", own.run, *where, *words],
        env=os.environ | environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_a_push_ends_in_the_files_of_the_folder_and_no_older_ones(own: Own, tmp_path: Path) -> None:
    with LocalHub() as hub:
        said = pushed(hub, own, tmp_path, "--private")
        assert said.returncode == 0, said.stderr
        assert said.stdout.splitlines()[-1] == f"pushed: {hub.endpoint}/datasets/me/data"
        assert hub.visibility == {"me/data": "private"}
        folder = tmp_path / "new0False"
        written = {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        assert {p: hub.files[p] for p in written} == written
        hub.files["predictions/old.parquet"] = hub.files["notes.txt"] = b"earlier"
        assert pushed(hub, own, tmp_path).returncode == 0
        assert "predictions/old.parquet" not in hub.files and "notes.txt" in hub.files
        assert len(hub.commits) == 2
        hub.refuses = True
        said = pushed(hub, own, tmp_path)
        assert said.returncode == 1 and "the hub did not take it" in said.stderr
        assert "hf upload me/data" in said.stderr and len(hub.commits) == 2


def test_without_private_the_account_decides_who_sees_it(own: Own, tmp_path: Path) -> None:
    with LocalHub() as hub:
        assert pushed(hub, own, tmp_path).returncode == 0
        assert hub.visibility == {"me/data": "the account's default"}
