"""Whose work a row is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from life.city import City, Row

# A row is somebody's work by one of these columns, or by that of the row it hangs on.
COLUMNS = ("worker_id", "host_id", "leader_id", "author_id", "assessor_id")
ABOVE = {
    "beneficiary_id": "beneficiary",
    "case_id": "case_file",
    "goal_id": "case_goal",
    "series_id": "group_series",
    "survivor_id": "beneficiary",
}
# Or by a row of a table that names both: its column with the row, the row's own column.
PRESENT: Mapping[str, tuple[str, str, str]] = {
    "advice": ("supervision_participant", "supervision_id", "supervision_id"),
    "service_record": ("attendance", "service_record_id", "id"),
}


def worker_of(city: City, row: Row) -> str | None:
    """The member whose work a row is; None: nobody's in particular."""
    for column in COLUMNS:
        if row.get(column):
            return row[column]  # type: ignore[no-any-return]
    for column, table in ABOVE.items():
        if row.get(column):
            above = city.rows[table].get((row["tenant_id"], row[column]))
            return None if above is None else worker_of(city, above)
    return next(_present(city, row), None)


def _present(city: City, row: Row) -> Iterator[Any]:
    for table, (people, column, own) in PRESENT.items():
        if (row.get("tenant_id") or "", row["id"]) in city.rows[table]:
            yield from (
                each["member_id"]
                for each in city.of(people)
                if each[column] == row[own] and each["member_id"]
            )
