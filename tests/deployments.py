"""Data folders of deployments whose database is a test's server."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 -- only a folder of random name in it is used
# A server with a dozen clones takes 400 MB; containers often have 64 MB there.
ROOM = 2 << 30


@contextmanager
def server_folder() -> Iterator[Path]:
    """A folder for a test's server, gone at the end: in memory where there is room.

    A clone of a database is some thousand files: 0.3 s on a disk and 0.02 s in memory.
    """
    is_roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    with tempfile.TemporaryDirectory(
        prefix="citywide-", dir=MEMORY if is_roomy else None, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


def data_folder(folder: Path, secret: bytes) -> Path:
    """Make `folder` a data folder with this secret, to which the server's logins belong."""
    keys = folder / "keys"
    keys.mkdir(parents=True)
    (keys / "secret").write_bytes(secret)
    return folder
