"""What each field of the schema is: a value, an edge, or something that compiles itself.

A domain folder's `graph.py` declares its entities with the words of this module; nothing here
fetches anything. One declaration feeds the SDL (`schema.py`), the planner (`compile.py`), the
policy's vocabulary (`Catalogue.coordinates`) and the tests' oracle.

    @entity(BENEFICIARY, tag="bene", root="beneficiaries", caseload=own("worker_id"))
    class Beneficiary:
        \"\"\"A served person: the agency's file on them.\"\"\"

        name = column("The person's name.", mask=surname)
        area = one("Area", "Where they live.", {"id": "area_id"})
        enrolments = many("Enrolment", "Projects they take part in.", {"beneficiary_id": "id"})
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    FromClause,
    Table,
    Text,
    bindparam,
    func,
    null,
)
from sqlalchemy.sql import ColumnElement
from strawberry.utils.str_converters import to_camel_case

from citywide.db.tables import WORDS_KEY

# A plain list (`few`) is bounded by its nature; this bounds it by force as well.
FEW_ROWS = 200

# The bureau's business day in the expression of a field; each request binds its own.
TODAY: ColumnElement[Any] = bindparam("today", type_=Date())

Expression = Callable[[FromClause], ColumnElement[Any]]
Join = Mapping[str, str]


class Kind(StrEnum):
    """How a value looks in an answer and compares in a filter."""

    ID = "ID"
    STRING = "String"
    INT = "Int"
    BOOLEAN = "Boolean"
    DATE = "Date"
    DATETIME = "DateTime"
    MONEY = "Money"


_KINDS: list[tuple[type, Kind]] = [
    (Text, Kind.STRING),
    (BigInteger, Kind.INT),
    (Boolean, Kind.BOOLEAN),
    (Date, Kind.DATE),
    (DateTime, Kind.DATETIME),
]


def hidden(_: FromClause) -> ColumnElement[Any]:
    """The mask that shows nothing: null."""
    return null()


def surname(row: FromClause) -> ColumnElement[Any]:
    """The mask of a Chinese name: its first character, then two asterisks (王**)."""
    return func.left(row.c.name, 1).op("||")("**")


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A scalar: an expression over the row of its entity.

    `mask` is what a role sees that may read the field masked only; a maskable field is nullable
    in the schema. Filters and orders work on what the caller sees, never on what lies beneath.
    """

    description: str
    expression: Expression
    kind: Kind
    enum: type[Enum] | None = None
    nullable: bool = False
    mask: Expression | None = None
    comparable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A text encrypted with the deployment's key: opened on the way out, never compared.

    `column` is what it was sealed for, `value` the sealed bytes.
    """

    description: str
    column: str
    value: Expression
    mask: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Localised:
    """A label in the caller's language: `label(locale: Locale! = ZH_CN)`, a column a locale."""

    description: str
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """An edge to at most one row: `on` maps the target's columns to this row's."""

    description: str
    target: str
    on: Join
    nullable: bool
    maskable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """An edge to many rows, as a Relay connection with `where` and `orderBy`."""

    description: str
    target: str
    on: Join


@dataclass(frozen=True, slots=True, kw_only=True)
class Few:
    """An edge to a handful of rows (`FEW_ROWS` at most), as a plain list in a fixed order."""

    description: str
    target: str
    on: Join
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """An edge to one row of one of several types, a union: `alternatives` maps type to join."""

    description: str
    union: str
    union_description: str
    alternatives: Mapping[str, Join]


Field = Value | Sealed | Localised | One | Many | Few | Either


@dataclass(frozen=True, slots=True)
class Own:
    """A row is in a worker's caseload when this column names the worker."""

    column: str


@dataclass(frozen=True, slots=True)
class Through:
    """A row is in a worker's caseload when a row of `target` that it joins is."""

    target: str
    on: Join


@dataclass(frozen=True, slots=True)
class Named:
    """A row is in a worker's caseload when a joined row of `target` names them in `column`."""

    target: str
    on: Join
    column: str


Caseload = Own | Through | Named


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Which persons a row tells about, for the audit of reads.

    They are named in `columns`, of the row itself or of the rows of `target` that join it.
    `fields` are those that tell about them; None: whatever is read of the row.
    """

    columns: tuple[str, ...]
    target: str | None = None
    on: Join = field(default_factory=dict)
    fields: frozenset[str] | None = None


# A row with one of these columns tells about that person; nothing else needs to be declared.
PERSON_COLUMNS = ("beneficiary_id", "volunteer_id", "person_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A type of the schema that is a row of a table.

    `fields` are keyed by their GraphQL names; `orders` maps what it can be ordered by to them.
    """

    name: str
    tag: str
    description: str
    table: Table
    fields: Mapping[str, Field]
    orders: Mapping[str, str]
    condition: Expression | None = None
    caseload: Caseload | None = None
    root: str | None = None
    root_description: str = ""
    person: bool = False
    about: About | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """A root field that compiles itself: neither an entity nor an edge.

    `compile` gets its place in the operation (`planning.Place`) and returns the
    JSON expression of the answer. `arguments` maps a name to its type, description and default;
    `guarded` maps an argument to its enum, whose values are coordinates of the policy;
    `maskable` are the coordinates of its own types that may be granted masked.

    What SQL is no language for is left to `finish`: it gets the same place and returns the
    function that makes the answer of what the statement found, with each request's variables.
    It sees nothing else, so that what it tells was read under the grants and behind the walls.
    """

    description: str
    returns: Any
    arguments: Mapping[str, tuple[Any, str, Any]]
    compile: Callable[[Any], ColumnElement[Any]]
    guarded: Mapping[str, type[Enum]] = field(default_factory=dict)
    maskable: frozenset[str] = frozenset()
    finish: Callable[[Any], Callable[[Any, Any], Any]] | None = None


@dataclass(slots=True)
class Catalogue:
    """Every entity, root, mutation and topic, by name; filled while the domain is imported."""

    entities: dict[str, Entity] = field(default_factory=dict)
    roots: dict[str, Root] = field(default_factory=dict)
    # `mutate.Mutation`; what a use case takes is known above this module.
    mutations: dict[str, Any] = field(default_factory=dict)
    # `topics.Topic`.
    topics: dict[str, Any] = field(default_factory=dict)

    def add(self, declared: Entity) -> None:
        """Register `declared`; a second entity of the same name or tag is a mistake."""
        tags = {known.tag for known in self.entities.values()}
        if declared.name in self.entities or declared.tag in tags:
            raise ValueError(f"{declared.name} or its tag {declared.tag} is declared twice.")
        self.entities[declared.name] = declared


CATALOGUE = Catalogue()


def entity(
    table: Table,
    *,
    tag: str,
    root: str | None = None,
    root_description: str = "",
    condition: Expression | None = None,
    caseload: Caseload | None = None,
    person: bool = False,
    about: About | None = None,
) -> Callable[[type], type]:
    """Declare a class as an entity; its attributes of this module's kinds are the fields.

    `about` says whom a row tells about where no column of it is one of `PERSON_COLUMNS`.
    """

    def declare(cls: type) -> type:
        fields: dict[str, Field] = {}
        orders: dict[str, str] = {}
        for name, value in vars(cls).items():
            declared = value.of(table, name) if isinstance(value, _Column) else value
            if not isinstance(declared, Field):
                continue
            graphql_name = to_camel_case(name)
            fields[graphql_name] = declared
            if isinstance(declared, Value) and declared.comparable:
                orders[name.upper()] = graphql_name
        CATALOGUE.add(
            Entity(
                name=cls.__name__,
                tag=tag,
                description=(cls.__doc__ or "").strip(),
                table=table,
                fields=fields,
                orders=orders,
                condition=condition,
                caseload=caseload,
                root=root,
                root_description=root_description,
                person=person,
                about=about or _about(table),
            )
        )
        return cls

    return declare


def _about(table: Table) -> About | None:
    columns = tuple(name for name in PERSON_COLUMNS if name in table.c)
    return About(columns=columns) if columns else None


@dataclass(frozen=True, slots=True)
class _Column:
    """A column whose name is the attribute's, until the class is declared."""

    description: str
    name: str | None
    kind: Kind | None
    enum: type[Enum] | None
    mask: Expression | None
    comparable: bool

    def of(self, table: Table, attribute: str) -> Value:
        name = self.name or attribute
        declared = table.c[name]
        kind = self.kind or next(
            kind for sql_type, kind in _KINDS if isinstance(declared.type, sql_type)
        )
        return Value(
            description=self.description,
            expression=lambda row: row.c[name],
            kind=kind,
            enum=self.enum or declared.info.get(WORDS_KEY),
            nullable=bool(declared.nullable),
            mask=self.mask,
            comparable=self.comparable,
        )


def column(
    description: str,
    name: str | None = None,
    *,
    kind: Kind | None = None,
    enum: type[Enum] | None = None,
    mask: Expression | None = None,
    comparable: bool = True,
) -> Any:
    """A column of the entity's table, by default the one named as the attribute.

    A column that is annotated with `Words` is an enum by that.
    """
    return _Column(description, name, kind, enum, mask, comparable)


def sealed(description: str, name: str) -> Any:
    """An encrypted column; a role that may read it masked sees null."""
    return Sealed(description=description, column=name, value=lambda row: row.c[name], mask=hidden)


def localised(description: str, **columns: str) -> Any:
    """A label; keywords are values of `Locale`, each with the column that holds it."""
    return Localised(description=description, columns=columns)


def one(
    target: str, description: str, on: Join, *, nullable: bool = False, maskable: bool = False
) -> Any:
    """An edge to one row of the same tenant, or of a catalogue; a maskable edge is nullable."""
    return One(
        description=description,
        target=target,
        on=on,
        nullable=nullable or maskable,
        maskable=maskable,
    )


def many(target: str, description: str, on: Join) -> Any:
    """A connection to rows of the same tenant."""
    return Many(description=description, target=target, on=on)


def few(target: str, description: str, on: Join, *, order: tuple[str, ...]) -> Any:
    """A short list of rows, ordered by these columns of theirs and then by id."""
    return Few(description=description, target=target, on=on, order=order)


def either(
    union: str, union_description: str, description: str, alternatives: Mapping[str, Join]
) -> Any:
    """An edge to one row of one of several types."""
    return Either(
        description=description,
        union=union,
        union_description=union_description,
        alternatives=alternatives,
    )


def itself() -> About:
    """The row is a person."""
    return About(columns=("id",))


def persons_of(target: str, on: Join, *columns: str, fields: tuple[str, ...]) -> About:
    """These fields may tell about the persons named in the joined rows."""
    return About(columns=columns, target=target, on=on, fields=frozenset(fields))


def own(name: str) -> Own:
    """Caseload: the worker named in this column."""
    return Own(name)


def through(target: str, on: Join) -> Through:
    """Caseload: that of the joined row."""
    return Through(target, on)


def named(target: str, on: Join, column: str) -> Named:
    """Caseload: a joined row names the worker."""
    return Named(target, on, column)
