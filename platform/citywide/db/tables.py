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

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Generic,
    TypedDict,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
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
ENTITY_KEY = "entity"
CASELOAD_KEY = "caseload"
NAMES_KEY = "names"
WORDS_KEY = "words"

R = TypeVar("R", bound=Mapping[str, object])

if TYPE_CHECKING:

    class RowTable(Table[Any], Generic[R]):
        """A table that knows the columns of its rows, so that a misspelt one fails the checks."""

else:
    RowTable = Table


class CatalogueRow(TypedDict):
    """A row that all tenants share."""

    id: UUID


class CityRow(TypedDict):
    """A row that a bureau keeps for its city."""

    bureau_id: UUID
    id: UUID


class TenantRow(TypedDict):
    """A row of one tenant."""

    tenant_id: UUID
    bureau_id: UUID
    id: UUID


@dataclass(frozen=True, slots=True)
class default:  # noqa: N801 -- reads as a word in an annotation
    """The value of a column in the database where none is given."""

    value: str


@dataclass(frozen=True, slots=True)
class computed:  # noqa: N801 -- reads as a word in an annotation
    """The SQL of a column that PostgreSQL computes and stores."""

    sql: str


# Counted up by every change, so that whoever read the row before notices.
Version = Annotated[int, default("1")]

_SQL_TYPES: Mapping[type, Any] = {
    str: Text(),
    UUID: Uuid(),
    int: BigInteger(),
    date: Date(),
    datetime: DateTime(timezone=True),
    bool: Boolean(),
    bytes: LargeBinary(),
}


def _columns(row: type, base: type) -> Iterator[Any]:
    """The columns that a row's class declares, with a CHECK for each closed set of words."""
    for name, hint in get_type_hints(row, include_extras=True).items():
        if name in base.__annotations__:
            continue
        given = None
        if get_origin(hint) is Annotated:
            hint, given = get_args(hint)  # noqa: PLW2901
        options = set(get_args(hint)) or {hint}
        is_nullable = type(None) in options
        [kind] = options - {type(None)}
        is_word = issubclass(kind, StrEnum)
        kept = [Computed(given.sql, persisted=True)] if isinstance(given, computed) else []
        yield Column(
            name,
            Text() if is_word else _SQL_TYPES[kind],
            *kept,
            nullable=is_nullable,
            server_default=given.value if isinstance(given, default) else None,
            info={WORDS_KEY: kind} if is_word else {},
        )
        if is_word:
            yield one_of(name, kind)


def catalogue_table(name: str, row: type[R], *constraints: Any) -> RowTable[R]:
    """A table shared by all tenants; it never points at a tenant's table."""
    return RowTable(
        name,
        METADATA,
        Column("id", Uuid, primary_key=True),
        *_columns(row, CatalogueRow),
        *constraints,
    )


def tenant_table(
    name: str,
    row: type[R],
    *constraints: Any,
    writers: Sequence[str] = (),
    is_append_only: bool = False,
    entity: str | None = None,
    caseload: str | None = None,
    names: str | None = None,
) -> RowTable[R]:
    """A table whose rows belong to one tenant each, behind forced row-level security.

    `row` declares the columns: a `TypedDict` below `TenantRow`, so that reading or writing a
    column that is none fails the type checks; a column of `Words` has their CHECK.

    `writers` are the audiences that may insert and update (`walls.py` has the rule for tables
    that name none); what is appended only, nobody may update. Nobody may delete.

    `entity` is what the schema calls a row, where that is not the table's name in capitals;
    `caseload` the column that says in whose caseload a row is: it names the member, or a row of
    another table that has a caseload; `names` the column with names of persons, which no text
    for others may give away.

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
    return RowTable(
        name,
        METADATA,
        Column("tenant_id", Uuid, nullable=False),
        Column("bureau_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False),
        *_columns(row, TenantRow),
        *constraints,
        PrimaryKeyConstraint("tenant_id", "id"),
        owner,
        info={
            TENANT_KEY: True,
            ENTITY_KEY: entity,
            CASELOAD_KEY: caseload,
            **({NAMES_KEY: names} if names else {}),
            **({WRITERS_KEY: tuple(writers), APPEND_ONLY_KEY: is_append_only} if writers else {}),
        },
    )


def city_table(
    name: str,
    row: type[R],
    *constraints: Any,
    writers: Sequence[str] = (),
    is_append_only: bool = False,
) -> RowTable[R]:
    """A table whose rows a bureau keeps for its city, behind forced row-level security.

    Every agency of the bureau reads them. `row` and `writers` as in `tenant_table`; where no
    writers are named, manifests alone write it.
    """
    return RowTable(
        name,
        METADATA,
        Column("bureau_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False),
        *_columns(row, CityRow),
        *constraints,
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


def catalogue_reference(column: str, table: str) -> ForeignKeyConstraint:
    """A foreign key to a row that all tenants share."""
    return ForeignKeyConstraint([column], [f"{table}.id"])


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """Text that is one of `values`; a column of `Words` has this by its annotation."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def period(start: str = "valid_from", end: str = "valid_until") -> CheckConstraint:
    """A half-open period of two dates; an open end is NULL."""
    return CheckConstraint(f"{start} < {end}", name=f"{start}_{end}")


def entity_of(table: Table) -> str:
    """What the schema calls a row of `table`."""
    named: str | None = table.info.get(ENTITY_KEY)
    return named or "".join(part.capitalize() for part in table.name.split("_"))


def is_tenant_table(table: Table) -> bool:
    """Whether `table` lies behind the wall."""
    return bool(table.info.get(TENANT_KEY))


def is_city_table(table: Table) -> bool:
    """Whether `table` is one that a bureau keeps for its city."""
    return bool(table.info.get(CITY_KEY))
