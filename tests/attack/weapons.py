"""What attackers send: documents made once of the schema, and values drawn anew for each request.

A document is made once because the server plans it once; what is drawn each time are the ids, texts
and cursors in its variables: of other tenants, of rows with the same id elsewhere, of nothing.
"""

from __future__ import annotations

import random
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
)

from citywide.authz.grants import Grants
from life.declarations import Asked, Given

DEEPEST = 3
_FIELDS = 4
_LEVELS = 3
Draw = Callable[[random.Random], Any]


@dataclass(frozen=True, slots=True)
class Weapon:
    """A document, and how each of its variables is drawn.

    `finds_nothing`: what it looks for is a victim's alone, so every list in the answer is empty.
    """

    kind: str
    document: str
    variables: Mapping[str, Draw]
    finds_nothing: bool = False


@dataclass(frozen=True)
class Loot:
    """What an attacker knows of the victims: ids by type, and the signs of their texts."""

    ids: Mapping[str, Sequence[str]]
    signs: Sequence[str]

    def id(self, entity: str | None) -> Draw:
        """A victim's row of this type; now and then of another type, or of nothing."""
        everything = [each for ids in self.ids.values() for each in ids]
        fitting = self.ids.get(entity or "") or everything

        def drawn(rng: random.Random) -> str:
            return rng.choice(fitting if rng.random() < 0.97 else everything)

        return drawn


class Smith:
    """Makes weapons for one attacker, within what the roles may select and now and then beyond."""

    def __init__(
        self, rng: random.Random, schema: GraphQLSchema, grants: Grants, loot: Loot
    ) -> None:
        self._rng = rng
        self._schema = schema
        self._grants = grants
        self._loot = loot
        self._is_bold = False
        self._variables: dict[str, tuple[str, Draw]] = {}

    def read(self) -> Weapon:
        """One root of Query with ids and conditions of victims."""
        query = self._schema.query_type
        assert query is not None
        self._begin()
        roots = [name for name in query.fields if self._may(f"Query.{name}")]
        # Whatever has an id can be asked for by it.
        addressed = [name for name in ("node", "nodes") if name in roots]
        name = self._rng.choice([*roots, *addressed * (len(roots) // 3)])
        inner = self._field(query.name, name, query.fields[name], DEEPEST)
        return self._weapon("read", f"{{ {inner} }}", finds_nothing=False)

    def probe(self) -> Weapon:
        """A list of what has a victim's sign or id: counted, ordered and shown."""
        query = self._schema.query_type
        assert query is not None
        self._begin()
        lists = [
            name
            for name, field in query.fields.items()
            if "where" in field.args and self._may(f"Query.{name}")
        ]
        if not lists:
            return self.read()
        name = self._rng.choice(lists)
        kind = get_named_type(query.fields[name].args["where"].type)
        assert isinstance(kind, GraphQLInputObjectType)
        where = self._where(kind, 0)
        if where is None:
            return self.read()
        connection = get_named_type(query.fields[name].type)
        assert isinstance(connection, GraphQLObjectType)
        self._variables["where"] = (kind.name, where)
        shown = self._selection(connection, DEEPEST - 1)
        text = (
            f"{{ probe: {name}(where: $where) {{ totalCount ... on {connection.name} {shown} }} }}"
        )
        return self._weapon("probe", text, finds_nothing=True)

    def mutation(self, asked: Asked) -> Weapon:
        """A use case whose every id is a victim's."""
        self._begin()
        prefix = asked.prefix
        fields = [each for each in asked.fields if each.is_required or self._rng.random() < 0.5]
        draws = {each.name: self._value(each) for each in fields}

        def drawn(rng: random.Random) -> dict[str, Any]:
            found = {name: draw(rng) for name, draw in draws.items()}
            return {"idempotencyKey": f"{rng.getrandbits(64):x}", **found}

        self._variables["input"] = (f"{prefix}Input!", drawn)
        row = self._schema.type_map[asked.gives]
        assert isinstance(row, GraphQLObjectType)
        shown = self._selection(row, 1)
        text = (
            f"{{ {asked.name}(input: $input) {{ __typename ... on Problem {{ code message path }} "
            f"... on {prefix}Success {{ {asked.payload} {shown} }} }} }}"
        )
        return self._weapon("mutation", text, finds_nothing=False, operation="mutation")

    # -- selections ------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._variables = {}
        self._is_bold = self._rng.random() < 0.15

    def _weapon(
        self, kind: str, text: str, *, finds_nothing: bool, operation: str = "query"
    ) -> Weapon:
        declared = ", ".join(f"${name}: {of}" for name, (of, _) in self._variables.items())
        head = f"{operation} Attack({declared}) " if declared else f"{operation} Attack "
        draws = {name: draw for name, (_, draw) in self._variables.items()}
        return Weapon(kind, head + text, draws, finds_nothing)

    def _may(self, coordinate: str) -> bool:
        return (
            self._grants.of(coordinate) is not None
            or coordinate.endswith("__typename")
            or (self._is_bold and self._rng.random() < 0.1)
        )

    def _field(self, parent: str, name: str, field: GraphQLField, depth: int) -> str:
        alias = f"{name}{self._rng.randrange(10_000)}: " if parent != "Mutation" else ""
        inner = self._selection(get_named_type(field.type), depth - 1)
        return f"{alias}{name}{self._arguments(field)} {inner}"

    def _arguments(self, field: GraphQLField) -> str:
        given = []
        for name, argument in field.args.items():
            # Pages are small, so that an answer is within the limits however deep it goes.
            is_needed = is_required_argument(argument) or name == "first"
            chance = 0.05 if name in {"after", "before"} else 0.5
            if name == "last" or (not is_needed and self._rng.random() >= chance):
                continue
            named = get_named_type(argument.type)
            draw = self._argument(name, named)
            if draw is None:
                continue
            if is_list_type(_bare(argument.type)):
                draw = _several(draw)
            variable = f"v{len(self._variables)}"
            self._variables[variable] = (str(argument.type), draw)
            given.append(f"{name}: ${variable}")
        return f"({', '.join(given)})" if given else ""

    def _argument(self, name: str, named: Any) -> Draw | None:
        if isinstance(named, GraphQLEnumType):
            words = [each for each in named.values if self._may(f"{named.name}.{each}")]
            words = words or [*named.values]
            return lambda rng: rng.choice(words)
        if isinstance(named, GraphQLInputObjectType):
            if named.name.endswith("Filter"):
                return self._where(named, 0)
            order = named.fields.get("field")
            if order is None:
                return None
            kind = get_named_type(order.type)
            assert isinstance(kind, GraphQLEnumType)
            keys = [*kind.values]
            return lambda rng: {"field": rng.choice(keys), "direction": "ASC"}
        match name, named.name:
            case "first", _:
                return lambda rng: rng.randrange(1, 6)
            case "after" | "before", _:
                return forged_cursor
            case _, "ID":
                return self._loot.id(None)
            case _, "Date":
                return lambda rng: f"2015-{rng.randrange(1, 13):02}-01"
        return None

    def _selection(self, kind: Any, depth: int) -> str:
        if isinstance(kind, GraphQLScalarType | GraphQLEnumType):
            return ""
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            possible = [
                each
                for each in self._schema.get_possible_types(kind)
                if self._may(f"{each.name}.id")
            ]
            chosen = self._rng.sample(possible, min(4, len(possible))) if depth > 0 else []
            parts = [f"... on {each.name} {self._selection(each, depth - 1)}" for each in chosen]
            return "{ __typename " + " ".join(parts) + " }"
        fields = [
            (name, field)
            for name, field in kind.fields.items()
            if self._may(f"{kind.name}.{name}") or kind.name.endswith(("Connection", "Edge"))
        ]
        fields = [
            each
            for each in fields
            if depth > 0 or isinstance(get_named_type(each[1].type), GraphQLScalarType)
        ]
        chosen = self._rng.sample(fields, min(_FIELDS, len(fields)))
        return (
            "{ __typename "
            + " ".join(self._field(kind.name, name, field, depth) for name, field in chosen)
            + " }"
        )

    # -- values ----------------------------------------------------------------------------------

    def _where(self, kind: GraphQLInputObjectType, level: int) -> Draw | None:
        """A condition that only rows of victims meet."""
        names = [name for name in kind.fields if name not in {"and", "or", "not"}]
        self._rng.shuffle(names)
        type_name = kind.name.removesuffix("Filter")
        for name in names:
            named = get_named_type(kind.fields[name].type)
            if not self._may(f"{type_name}.{name}") or not isinstance(
                named, GraphQLInputObjectType
            ):
                continue
            draw: Draw | None = None
            if named.name == "StringComparison":
                draw = self._sign(self._rng.choice(("contains", "startsWith", "eq")))
            elif named.name == "IDComparison":
                known = self._loot.ids.get(type_name)
                draw = _keyed("eq", self._loot.id(type_name)) if known else None
            elif named.name.endswith("Filter") and level < _LEVELS:
                draw = self._where(named, level + 1)
            if draw is not None:
                return _keyed(name, draw)
        return None

    def _sign(self, comparison: str) -> Draw:
        signs = self._loot.signs
        return lambda rng: {comparison: rng.choice(signs)}

    def _value(self, given: Given) -> Draw:
        draw = self._single(given)
        return _several(draw) if given.is_list else draw

    def _single(self, given: Given) -> Draw:
        if given.of is not None or given.kind == "ID":
            return self._loot.id(given.of)
        match given.kind:
            case "inner":
                inner = {each.name: self._value(each) for each in given.inner}
                return lambda rng: {name: draw(rng) for name, draw in inner.items()}
            case "word":
                return lambda rng: rng.choice(given.words)
            case "Date":
                return lambda rng: f"2015-{rng.randrange(1, 12):02}-{rng.randrange(1, 29):02}"
            case "DateTime":
                return lambda rng: f"2015-10-{rng.randrange(1, 29):02}T08:00:00Z"
            case "Money":
                return lambda rng: f"{rng.randrange(1, 900)}.00"
            case "Int":
                return lambda rng: rng.randrange(1, 5)
            case "Boolean":
                return lambda rng: rng.random() < 0.5
            case _:
                return lambda rng: f"试{rng.randrange(1000)}"


def forged_cursor(rng: random.Random) -> str:
    """What looks like a cursor: of another making, cut, or noise."""
    raw = rng.randbytes(rng.randrange(1, 120))
    text = urlsafe_b64encode(raw).decode().rstrip("=")
    return rng.choice([text, "WyJvMDAwMDAwMDAiXQ", text[:4], "🙈", "", "W10"])


def _keyed(key: str, draw: Draw) -> Draw:
    return lambda rng: {key: draw(rng)}


def _several(draw: Draw) -> Draw:
    return lambda rng: [draw(rng) for _ in range(rng.randrange(1, 3))]


def _bare(kind: Any) -> Any:
    return kind.of_type if is_non_null_type(kind) else kind
