"""The words of an entry: what people said and what was changed is sealed, as identity numbers are.

An entry says in clear who did what where, to which rows, about which persons' ids, and when. What
was typed into a form, what a row said before and after, and why somebody looked may name a person
in any of its texts, so all of it is sealed, for that member of that entry: in the table, in every
copy of it and in the files of reads. A sealed member is `{"sealed": "<base64>"}`.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from citywide.audit.models import AUDIT_ENTRY
from citywide.db.sealed import Place, Sealer

SEALED = "sealed"
# The reader's own sentence; it is sealed as it is, the others as JSON.
PURPOSE = "purpose"
# The members that hold words: of an entry, and of each of its changes.
_OF_ENTRIES = (PURPOSE, "input")
_OF_CHANGES = ("before", "after")

# Makes another value of a member, of its place in the entry and what it says.
_Made = Callable[[str, Any], Any]


def sealed_words(sealer: Sealer, tenant_id: UUID, entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry, as JSON values with its `id`, whose words are sealed; what is sealed stays so."""
    entry_id = UUID(entry["id"])

    def sealed(member: str, value: Any) -> Any:
        if value is None or is_sealed(value):
            return value
        text = value if member == PURPOSE else canonical(value)
        data = sealer.seal(word_place(tenant_id, entry_id, member), text)
        return {SEALED: b64encode(data).decode()}

    return _with_words(entry, sealed)


def opened_words(sealer: Sealer, tenant_id: UUID, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry that `sealed_words` was given; raises `SealBrokenError`."""
    entry_id = UUID(entry["id"])

    def opened(member: str, value: Any) -> Any:
        if not is_sealed(value):
            return value
        place = word_place(tenant_id, entry_id, member)
        text = sealer.open(place, b64decode(value[SEALED]))
        return text if member == PURPOSE else json.loads(text)

    return _with_words(entry, opened)


def is_sealed(value: Any) -> bool:
    """Whether this stands for something sealed."""
    return isinstance(value, Mapping) and set(value) == {SEALED} and isinstance(value[SEALED], str)


def word_place(tenant_id: UUID, entry_id: UUID, member: str) -> Place:
    """Where a member of an entry is kept."""
    return Place(AUDIT_ENTRY.name, f"entry.{member}", tenant_id, entry_id)


def _with_words(entry: Mapping[str, Any], made: _Made) -> dict[str, Any]:
    found = {
        name: made(name, value) if name in _OF_ENTRIES else value for name, value in entry.items()
    }
    if "changes" in found:
        found["changes"] = [
            {
                name: made(f"changes.{at}.{name}", value) if name in _OF_CHANGES else value
                for name, value in change.items()
            }
            for at, change in enumerate(found["changes"])
        ]
    return found


def canonical(value: object) -> str:
    """JSON with sorted keys and no blanks, whose bytes can be compared."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain
    )


def _plain(value: object) -> object:
    match value:
        case UUID() | date() | datetime():
            return str(value)
        case bytes():
            return value.hex()
        case _:
            message = f"{type(value).__name__} has no place in an audit entry."
            raise TypeError(message)
