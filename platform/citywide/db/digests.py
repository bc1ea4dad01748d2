"""Keyed digests: what a row said when it was last written, and what links a chain's entries.

The keys come from the deployment's secret, which the database does not hold: whoever owns the
database, or a dump of it, can change what it says and cannot make the digests of that.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

from sqlalchemy import ARRAY, ColumnElement, Table, Text, case, cast, func, literal_column
from sqlalchemy.dialects.postgresql import array

from citywide.db.sealed import derived_key
from citywide.db.tables import is_city_table, is_tenant_table

# Half of HMAC-SHA256: nobody finds another row with the same 128 bits, and an entry about
# thousands of rows stays half as long.
DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class TrailKeys:
    """The key that links a chain's entries, and the one under which rows are digested."""

    chain: bytes = field(repr=False)
    rows: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> Self:
        """The keys of a deployment's secret."""
        return cls(
            derived_key(secret, b"citywide audit chain"),
            derived_key(secret, b"citywide row digest"),
        )

    def digest(self, table: str, row: str) -> bytes:
        """The digest of a row as `canonical` writes it."""
        return hmac.digest(self.rows, f"{table}\n{row}".encode(), hashlib.sha256)[:DIGEST_BYTES]


@cache
def canonical(table: Table) -> ColumnElement[Any]:
    """A row of a tenant's or a city's table as text: the columns that were given, by their names.

    Left out are nulls, values that are their column's default, and what PostgreSQL computes from
    other columns. So a column that a later revision adds, with a default or without a value,
    changes no digest; after a revision that rewrites rows they are attested anew.
    """
    assert is_tenant_table(table) or is_city_table(table), table.name
    left_out: list[ColumnElement[Any]] = []
    for column in table.columns:
        name = literal_column(f"'{column.name}'", Text())
        if column.computed is not None:
            left_out.append(name)
        elif column.server_default is not None and not column.nullable:
            value: Any = column.server_default
            is_default = column == cast(literal_column(f"'{value.arg}'"), column.type)
            left_out.append(case((is_default, name)))
    # With the star, because a table may have a column of its own name.
    row: ColumnElement[Any] = func.to_jsonb(literal_column(f"{table.name}.*"))
    if left_out:
        row = row.op("-")(cast(array(left_out), ARRAY(Text())))
    return cast(func.jsonb_strip_nulls(row), Text).label("canonical_row")
