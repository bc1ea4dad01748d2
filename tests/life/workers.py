"""Whose work a row is."""

from __future__ import annotations

from life.city import City, Row

# A row is somebody's work by one of these columns, or by that of the row it hangs on.
COLUMNS = ("worker_id", "host_id", "leader_id", "author_id")
ABOVE = {
    "beneficiary_id": "beneficiary",
    "case_id": "case_file",
    "goal_id": "case_goal",
    "series_id": "group_series",
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
    return None
