"""Entries on their way to the database, in files that outlive the process.

An entry is in a file before the answer that it tells about goes out. A process appends to one file
at a time and holds it locked; each batch begins the next one, so a file holds exactly the entries
of one batch and is removed when they are in the database. The file of a
killed process loses its lock, and the next process that looks takes it over.

A file survives its process, not the machine: what the kernel had not yet written when the power
went is gone, at most what was noted since the last batch, a fraction of a second ago.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import UUID

from citywide.audit.chain import Entry
from citywide.audit.words import AuditKind
from citywide.ids import new_id

_SUFFIX = ".reads"
# What the database refused for another reason than being away. It is tried again, and stays only
# when it is refused again.
_FAULTY = ".faulty"
# Looked at in one turn: each costs a transaction for every agency in it.
FAULTY_AT_ONCE = 50


class Segment:
    """One file, locked while it is open; what is appended is with the kernel at once."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def begin(cls, folder: Path) -> Segment:
        """A new file, which shows its name only once it is locked."""
        name = str(new_id())
        hidden = folder / f"{name}.new"
        descriptor = os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        path = hidden.rename(folder / f"{name}{_SUFFIX}")
        return cls(path, descriptor)

    def append(self, entries: Sequence[Entry]) -> None:
        """Write all of `entries`; raises `OSError` when the disk does not take them."""
        size = os.fstat(self._descriptor).st_size
        left = b"".join(map(_line, entries))
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            # Half a line would spoil the next one.
            os.ftruncate(self._descriptor, size)
            raise

    def keep(self) -> None:
        """Wait until the disk has it."""
        os.fsync(self._descriptor)

    def remove(self) -> None:
        """The entries are in the database."""
        self.path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def set_aside(self) -> Path:
        """Keep the file for later, or for a person to look at; the last to be tried again."""
        aside = self.path.rename(self.path.with_suffix(_FAULTY))
        os.utime(aside)
        os.close(self._descriptor)
        return aside

    def leave(self) -> None:
        """Leave the file to the next process; one without entries goes."""
        if os.fstat(self._descriptor).st_size == 0:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)


def left_behind(folder: Path) -> Iterator[tuple[Segment, list[Entry] | None]]:
    """The files of processes that are gone, each locked while it is looked at.

    One without entries that can be read, as a broken disk leaves it, has None.
    """
    yield from _taken_of(sorted(folder.glob(f"*{_SUFFIX}")))


def set_aside_before(folder: Path) -> Iterator[tuple[Segment, list[Entry] | None]]:
    """Files that were set aside, those first that were tried longest ago; not all at once."""
    paths = sorted(folder.glob(f"*{_FAULTY}"), key=lambda path: path.stat().st_mtime_ns)
    yield from _taken_of(paths[:FAULTY_AT_ONCE])


def _taken_of(paths: Iterable[Path]) -> Iterator[tuple[Segment, list[Entry] | None]]:
    for path in paths:
        descriptor = _taken(path)
        if descriptor is None:
            continue
        entries: list[Entry] | None = None
        with suppress(ValueError, LookupError, TypeError, AttributeError):
            entries = list(_read(path))
        yield Segment(path, descriptor), entries


def _taken(path: Path) -> int | None:
    """The file's descriptor, locked; None when a living process holds it or it is gone."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.exists():
            return descriptor
    except BlockingIOError:
        pass
    os.close(descriptor)
    return None


def _line(entry: Entry) -> bytes:
    values = {
        "id": str(entry.id),
        "tenant": str(entry.tenant_id),
        "bureau": str(entry.bureau_id),
        "kind": entry.kind,
        "at": entry.occurred_at.isoformat(),
        "actor": entry.actor,
        "coordinate": entry.coordinate,
        "content": entry.content,
    }
    return json.dumps(values, ensure_ascii=False).encode() + b"\n"


def _read(path: Path) -> Iterator[Entry]:
    """The entries of a file; a line without its end belongs to an answer that never went out."""
    for line in path.read_bytes().split(b"\n")[:-1]:
        values = json.loads(line)
        yield Entry(
            id=UUID(values["id"]),
            tenant_id=UUID(values["tenant"]),
            bureau_id=UUID(values["bureau"]),
            kind=AuditKind[values["kind"]],
            occurred_at=datetime.fromisoformat(values["at"]),
            actor=values["actor"],
            coordinate=values["coordinate"],
            content=values["content"],
        )
