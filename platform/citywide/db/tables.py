"""How a table is declared: a tenant's or a city's, behind row-level security, or a catalogue's.

The rules a tenant table obeys (`tests/contract/test_catalogue.py` checks them on the database):
`tenant_id` first, the primary key `(tenant_id, id)`, every UNIQUE and foreign key carries
`tenant_id`, and `bureau_id` stands on every row, is its tenant's and never changes. Because of
that one comparison per audience is a whole row-level policy, and the same tables can be
distributed by tenant over several machines. Numbers are bigint, a status is text with a CHECK
and a period is two dates, half-open: under row-level security PostgreSQL uses an index only for
leakproof operators, which those of numeric, enum and range types are not.

A city's table is what a bureau keeps for all its agencies: departments, policy documents. Its rows
carry `bureau_id` alone, which its keys begin with, and the wall around them is the bureau's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Uuid,
)

METADATA = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

TENANT_KEY = "tenant"
CITY_KEY = "city"
WRITERS_KEY = "writers"
APPEND_ONLY_KEY = "append only"


def catalogue_table(name: str, *columns: Any) -> Table:
    """A table shared by all tenants; it never points at a tenant's table."""
    return Table(name, METADATA, Column("id", Uuid, primary_key=True), *columns)


def tenant_table(
    name: str, *columns: Any, writers: Sequence[str] = (), is_append_only: bool = False
) -> Table:
    """A table whose rows belong to one tenant each, behind forced row-level security.

    `writers` are the audiences that may insert and update (`walls.py` has the rule for tables
    that name none); what is appended only, nobody may update. Nobody may delete.

    The key to the tenant carries the bureau: otherwise an agency, whose policy compares the
    tenant alone, could put a row before the eyes of a bureau that is not its own.
    """
    owner = (
        ForeignKeyConstraint(["bureau_id"], ["bureau.id"])
        if name == "tenant"
        else ForeignKeyConstraint(
            ["tenant_id", "bureau_id"], ["tenant.tenant_id", "tenant.bureau_id"]
        )
    )
    return Table(
        name,
        METADATA,
        Column("tenant_id", Uuid, nullable=False),
        Column("bureau_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False),
        *columns,
        PrimaryKeyConstraint("tenant_id", "id"),
        owner,
        info={
            TENANT_KEY: True,
            **({WRITERS_KEY: tuple(writers), APPEND_ONLY_KEY: is_append_only} if writers else {}),
        },
    )


def city_table(
    name: str, *columns: Any, writers: Sequence[str] = (), is_append_only: bool = False
) -> Table:
    """A table whose rows a bureau keeps for its city, behind forced row-level security.

    Every agency of the bureau reads them. `writers` as in `tenant_table`; where none are named,
    manifests alone write it.
    """
    return Table(
        name,
        METADATA,
        Column("bureau_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False),
        *columns,
        PrimaryKeyConstraint("bureau_id", "id"),
        ForeignKeyConstraint(["bureau_id"], ["bureau.id"]),
        info={
            CITY_KEY: True,
            **({WRITERS_KEY: tuple(writers), APPEND_ONLY_KEY: is_append_only} if writers else {}),
        },
    )


def reference(column: str, table: str) -> ForeignKeyConstraint:
    """A foreign key inside the tenant: `(tenant_id, column)` to `(tenant_id, id)` of `table`."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"])


def city_reference(column: str, table: str) -> ForeignKeyConstraint:
    """A foreign key to the own city's row of `table`, from a tenant's table or a city's."""
    return ForeignKeyConstraint(["bureau_id", column], [f"{table}.bureau_id", f"{table}.id"])


def one_of(column: str, *values: str) -> CheckConstraint:
    """A status: text that is one of `values`, which are also its GraphQL enum values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def period(start: str = "valid_from", end: str = "valid_until") -> CheckConstraint:
    """A half-open period of two dates; an open end is NULL."""
    return CheckConstraint(f"{start} < {end}", name=f"{start}_{end}")


def is_tenant_table(table: Table) -> bool:
    """Whether `table` lies behind the wall."""
    return bool(table.info.get(TENANT_KEY))


def is_city_table(table: Table) -> bool:
    """Whether `table` is one that a bureau keeps for its city."""
    return bool(table.info.get(CITY_KEY))
