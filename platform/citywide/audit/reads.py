"""What was read about persons: who, why, which fields, whom; and the entries that tell it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import unquote
from uuid import UUID

from citywide.audit.chain import Entry, entry_of
from citywide.audit.words import AuditKind
from citywide.authz.principal import Principal
from citywide.db.sealed import Sealer
from citywide.errors import Code, RefusalError

PURPOSE_HEADER = "Citywide-Purpose"
# Letters, digits or Chinese characters that differ: whoever reviews reads learns nothing from a
# dot, a blank or "aaaa". 年度审计 says enough.
LEAST_OF_A_PURPOSE = 4
# A sentence; a longer one is a report that belongs elsewhere.
LONGEST_PURPOSE = 200
# One entry tells so many counts, the smallest: those about few persons matter.
MOST_COUNTS = 20
# One entry names at most so many; a longer answer makes several entries.
MOST_PERSONS = 1_000


@dataclass(frozen=True, slots=True)
class Read:
    """One answer that tells about persons, or that looked at them without telling.

    `roots` are the coordinates of the operation's root fields, `coordinates` those about persons
    that were shown, `probed` those that were filtered, ordered, counted or computed by, `counts`
    how many rows each count gave; `persons` is whom, by the tenant that keeps their files.
    """

    reader: Principal
    roots: tuple[str, ...]
    coordinates: tuple[str, ...]
    operation: str | None
    purpose: str | None
    persons: Mapping[UUID, frozenset[UUID]]
    probed: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()


class ReadLog(Protocol):
    """Where reads are noted before their answers go out."""

    async def note(self, read: Read) -> None:
        """Keep it for good, or raise `RefusalError`: then the answer must not go out."""


def entries_of(read: Read, occurred_at: datetime, sealer: Sealer) -> Iterator[Entry]:
    """The read as entries of the chains of those whose files it was; no content, only ids.

    One that names nobody stands in the chain of whoever asked.
    """
    reader = read.reader
    probes = (
        {"probed": [*read.probed], "counts": sorted(read.counts)[:MOST_COUNTS]}
        if read.probed
        else {}
    )
    nobody: Mapping[UUID, frozenset[UUID]] = {reader.tenant_id: frozenset()}
    for tenant_id, persons in (read.persons or nobody).items():
        listed = sorted(persons)
        for start in range(0, len(listed) or 1, MOST_PERSONS):
            yield entry_of(
                tenant_id=tenant_id,
                bureau_id=reader.bureau_id,
                kind=AuditKind.READ,
                occurred_at=occurred_at,
                actor=reader.subject,
                coordinate=", ".join(read.roots),
                content={
                    "member": str(reader.member_id),
                    "roles": sorted(map(str, reader.roles)),
                    "from": str(reader.tenant_id),
                    "operation": read.operation,
                    "purpose": read.purpose,
                    "fields": list(read.coordinates),
                    **probes,
                    "persons": [*map(str, listed[start : start + MOST_PERSONS])],
                },
                sealer=sealer,
            )


def purpose_of(given: str | None) -> str | None:
    """The purpose in a request's header; percent-encoded where it is not ASCII.

    Raises `RefusalError` for one that is no sentence.
    """
    if given is None:
        return None
    try:
        purpose = unquote(given, errors="strict").strip()
    except UnicodeDecodeError:
        purpose = ""
    told = {each for each in purpose if each.isalnum()}
    is_short = len(told) < LEAST_OF_A_PURPOSE
    if is_short or len(purpose) > LONGEST_PURPOSE or not purpose.isprintable():
        message = (
            f"{PURPOSE_HEADER} says why in at most {LONGEST_PURPOSE} printable characters, of "
            f"which at least {LEAST_OF_A_PURPOSE} are different letters or digits, in "
            "percent-encoded UTF-8."
        )
        raise RefusalError(Code.BAD_USER_INPUT, message)
    return purpose
