"""Data folders of deployments whose database is a test's server."""

from __future__ import annotations

from pathlib import Path


def data_folder(folder: Path, secret: bytes) -> Path:
    """Make `folder` a data folder with this secret, to which the server's logins belong."""
    keys = folder / "keys"
    keys.mkdir(parents=True)
    (keys / "secret").write_bytes(secret)
    return folder
