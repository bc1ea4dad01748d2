"""Every row of one unchanging test database, as plain mappings, past both walls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import asyncpg

from citywide.domain import METADATA

Row = Mapping[str, Any]


@dataclass(frozen=True)
class World:
    """Table name to rows, read once as the owner: nothing is hidden from it."""

    tables: Mapping[str, Sequence[Row]]
    _indexes: dict[tuple[str, tuple[str, ...]], dict[tuple[Any, ...], list[Row]]] = field(
        default_factory=dict
    )

    @classmethod
    async def read(cls, url: str) -> Self:
        """Everything that the database at the owner's `url` holds."""
        connection = await asyncpg.connect(url)
        try:
            tables = {
                table.name: [
                    dict(row) for row in await connection.fetch(f'SELECT * FROM "{table.name}"')
                ]
                for table in METADATA.sorted_tables
            }
        finally:
            await connection.close()
        return cls(tables)

    def where(self, table: str, wanted: Mapping[str, Any]) -> Sequence[Row]:
        """The rows whose columns equal what is wanted; nothing equals null."""
        if None in wanted.values():
            return ()
        columns = tuple(sorted(wanted))
        index = self._indexes.get((table, columns))
        if index is None:
            index = self._indexes[table, columns] = {}
            for row in self.tables[table]:
                index.setdefault(tuple(row[column] for column in columns), []).append(row)
        return index.get(tuple(wanted[column] for column in columns), ())
