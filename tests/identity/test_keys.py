"""The keys of a deployment are made once, kept, and nobody else's to read."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from citywide.errors import OperatorError
from citywide.identity.keys import Keys, deployment_keys


def test_the_keys_are_made_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as several:
        made: list[Keys] = list(several.map(deployment_keys, [tmp_path / "data"] * 8))
    assert len({keys.secret for keys in made}) == 1
    assert len({keys.issuer.thumbprint() for keys in made}) == 1
    assert len(made[0].secret) == 32


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_keys_are_readable_by_their_owner_only(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        deployment_keys(tmp_path / "data")
    finally:
        os.umask(before)
    folder = tmp_path / "data" / "keys"
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    check_private(folder)
    # As a person may leave them who brought them back from a backup.
    for path in (folder, *folder.iterdir()):
        path.chmod(0o777)
    deployment_keys(tmp_path / "data")
    check_private(folder)


def check_private(folder: Path) -> None:
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == ["issuer.pem", "secret"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["secret", "issuer.pem"])
def test_a_damaged_key_is_named(tmp_path: Path, name: str) -> None:
    deployment_keys(tmp_path)
    (tmp_path / "keys" / name).write_bytes(b"half")
    with pytest.raises(OperatorError, match=f"{name} is damaged: restore it"):
        deployment_keys(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(OperatorError, match=r"keys' folder .*/data/keys cannot be used"):
        deployment_keys(tmp_path / "data")
