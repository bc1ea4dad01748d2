"""The city as it stands: every row of every table, kept up by a journal of what is written.

The journal is a table of the test's own. A trigger on each table notes each row that is written,
and is rolled back with it, so an act that was refused has left nothing exactly when nothing is
noted. Rows are kept in the order in which they came: picking the third of them is the same in each
run with the same seed, though ids are not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import asyncpg

Row = Mapping[str, Any]
# What an act leaves of itself, beside what it is about.
TRAIL = ("audit_entry", "audit_head", "audit_subject", "idempotency_key", "outbox")
# Rows that nobody names in an input, too many to keep.
NOT_KEPT = frozenset({*TRAIL, "area_path", "ledger_entry", "ledger_transaction"})

JOURNAL = """
CREATE TABLE life_journal (
  n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  relation text NOT NULL, deed text NOT NULL, old jsonb, new jsonb
);
CREATE FUNCTION life_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public AS $$ BEGIN
  INSERT INTO life_journal (relation, deed, old, new)
  VALUES (TG_TABLE_NAME, TG_OP, to_jsonb(OLD), to_jsonb(NEW));
  RETURN NULL;
END $$;
"""


@dataclass(frozen=True, slots=True)
class Written:
    """A row that was written: what it said, and what it says."""

    place: int
    relation: str
    deed: str
    old: Row | None
    new: Row | None


@dataclass(slots=True)
class City:
    """Every row by table, then by tenant and id."""

    owner: asyncpg.Connection
    rows: dict[str, dict[tuple[str, str], Row]] = field(default_factory=dict)
    seen: int = 0

    @classmethod
    async def watched(cls, owner: asyncpg.Connection, tables: Sequence[str]) -> City:
        """The city of a database that nobody else writes to, watched from now on."""
        await owner.execute(JOURNAL)
        city = cls(owner)
        for table in tables:
            await owner.execute(
                f"CREATE TRIGGER life_note AFTER INSERT OR UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION life_note()"
            )
            city.rows[table] = {}
            if table not in NOT_KEPT:
                found = await owner.fetch(f"SELECT to_jsonb(t) AS row FROM {table} t ORDER BY ctid")
                city._keep(table, (json.loads(each["row"]) for each in found))
        return city

    async def news(self) -> list[Written]:
        """What was written since the last look."""
        found = await self.owner.fetch(
            "SELECT n, relation, deed, old, new FROM life_journal WHERE n > $1 ORDER BY n",
            self.seen,
        )
        news = [
            Written(
                each["n"],
                each["relation"],
                each["deed"],
                each["old"] and json.loads(each["old"]),
                each["new"] and json.loads(each["new"]),
            )
            for each in found
        ]
        for each in news:
            self.seen = each.place
            if each.relation in NOT_KEPT:
                continue
            if each.new is not None:
                self._keep(each.relation, [each.new])
            elif each.old is not None:
                del self.rows[each.relation][_key(each.old)]
        return news

    def of(self, table: str) -> Iterator[Row]:
        """A table's rows, the oldest first."""
        yield from self.rows[table].values()

    def row(self, table: str, row_id: str | None) -> Row | None:
        """The row with this id, of whichever tenant."""
        return next((row for row in self.of(table) if row["id"] == row_id), None)

    @property
    def today(self) -> date:
        """The bureau's day."""
        return date.fromisoformat(next(self.of("bureau"))["replay_date"])

    def _keep(self, table: str, rows: Iterable[Row]) -> None:
        self.rows[table] |= {_key(row): row for row in rows}


def _key(row: Row) -> tuple[str, str]:
    return (row.get("tenant_id") or "", row["id"])
