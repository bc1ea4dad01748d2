"""Operations that mean something: real ids, cursors and values, within what a role may see."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    is_enum_type,
    is_list_type,
    is_non_null_type,
)
from graphql.language.print_string import print_string
from hypothesis import strategies as st

from citywide.graph.declare import Either, Entity, Few, Kind, Localised, Many, One, Value
from oracle.contract import Asker
from oracle.figures import PUBLISHED, SPLITS, is_suppressed
from oracle.sight import outside_id
from oracle.world import Row

T = TypeVar("T")

# Rows times rows: what the pages inside each other may come to.
_MOST_ROWS = 400
_DEEPEST = 5
_FIELDS = 40
_ODD_TEXTS = ("", "王", "%", "\\", '"', "\U00020bb7", "\n", "没有")
_LEVELS_OF_A_FILTER = 3


@dataclass(frozen=True)
class Written:
    """A document, and one or two sets of variables to ask it with."""

    document: str
    variables: tuple[Mapping[str, Any], ...]


@st.composite
def operations(draw: st.DrawFn, schema: GraphQLSchema, asker: Asker) -> Written:
    """One operation for whoever asks.

    The choices come from a `Random` that is generated, and shrunk, number by number. Were each
    drawn from a strategy, Hypothesis would try every operation anew with one number put in place
    of another, and most of its examples would be the same operation again.
    """
    choices = draw(st.randoms(use_true_random=False))
    return Author(choices.randrange, schema, asker).write()


@dataclass
class Author:
    """Writes one operation, one choice after the other."""

    below: Callable[[int], int]
    schema: GraphQLSchema
    asker: Asker
    is_naughty: bool = False
    fields_left: int = _FIELDS
    count: int = 0
    fragments: list[tuple[str, str, bool]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    definitions: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)

    def write(self) -> Written:
        """The whole document."""
        self.is_naughty = self.chance(12)
        roots = " ".join(self._root() for _ in range(1 + self.below(2)))
        head = "query Asked" if self.chance(30) or self.definitions else ""
        if self.definitions:
            head += f"({', '.join(self.definitions)})"
        texts = [f"{head} {{ {roots} }}", *self.texts]
        if self.chance(50):
            texts.reverse()
        differ = self.others != self.values
        variables = (self.values, self.others) if differ else (self.values,)
        return Written("\n".join(texts), variables)

    # Choices.

    def chance(self, percent: int) -> bool:
        """True in so many cases of a hundred; the simplest case is not."""
        return self.below(100) >= 100 - percent

    def pick(self, among: Sequence[T]) -> T:
        """One of them; the first is the simplest."""
        return among[self.below(len(among))]

    def is_allowed(self, coordinate: str) -> bool:
        """Whether the operation may use a coordinate: what is granted, or now and then not."""
        return self.asker.sight.grants.of(coordinate) is not None or (
            self.is_naughty and self.chance(25)
        )

    def fresh(self, letter: str) -> str:
        """A name that nothing else has."""
        self.count += 1
        return f"{letter}{self.count}"

    # Selections.

    def _root(self) -> str:
        entities = self.asker.sight.entities
        lists = {each.root: each for each in entities.values() if each.root}
        # What is about persons is masked, so it is asked for more often.
        persons = [root for root, each in lists.items() if each.person]
        kinds = [*persons, *lists, "viewer", "node", "nodes", "metrics", "__typename"]
        name = self.pick([k for k in kinds if k == "__typename" or self.is_allowed(f"Query.{k}")])
        alias = f"{self.fresh('r')}: "
        match name:
            case "__typename":
                return "__typename"
            case "viewer":
                return f"{alias}viewer {self.directive()}{self.object('Viewer', _DEEPEST, 1)}"
            case "node":
                texts = [self.node_id()]
                argument = f"id: {self.given(self.argument('node', 'id'), texts[0], self.node_id)}"
            case "nodes":
                texts = [self.node_id() for _ in range(self.below(5))]
                argument = f"ids: {self.given(self.argument('nodes', 'ids'), texts)}"
            case "metrics":
                return f"{alias}{self.metrics()}"
            case _:
                arguments, size = self.page(lists[name], 1)
                inner = self.connection(lists[name], _DEEPEST - 1, size)
                return f"{alias}{name}{arguments} {self.directive()}{inner}"
        tags = {each.tag: each.name for each in entities.values()}
        named = [tags[t[:4]] for t in map(_decoded, texts) if t[:4] in tags]
        inner = self.abstract("Node", [*named, *entities], 3)
        return f"{alias}{name}({argument}) {self.directive()}{inner}"

    def argument(self, root: str, name: str) -> Any:
        """The type of a root field's argument."""
        assert self.schema.query_type is not None
        return self.schema.query_type.fields[root].args[name].type

    def abstract(self, type_name: str, possible: Sequence[str], depth: int) -> str:
        """A selection on an interface or a union, of fragments on what it can be."""
        parts = ["__typename"] if type_name != "Node" or self.chance(50) else ["id"]
        if type_name == "Node" and self.chance(50):
            parts.append("id __typename")
        chosen = [each for each in possible if self.is_allowed(f"{each}.id")]
        for _ in range(self.below(4) if chosen else 0):
            name = chosen[0] if self.chance(50) else self.pick(chosen)
            parts.append(self.fragment(name, depth, 5, is_apart=True))
        return "{ " + " ".join(parts) + " }"

    def object(self, type_name: str, depth: int, factor: int, *, is_apart: bool = False) -> str:
        """A selection on an entity; `is_apart` gives every field an alias of its own."""
        entity = self.asker.sight.entities[type_name]
        parts = []
        for _ in range(1 + self.below(4)):
            kind = self.below(20)
            if kind == 0 or self.fields_left <= 0:
                parts.append(f"__typename {self.directive()}")
            elif kind == 1:
                parts.append(f"... on Node {self.directive()}{{ id }}")
            elif kind in (2, 3, 4):
                parts.append(self.fragment(type_name, depth, factor, is_apart=is_apart))
            else:
                parts.append(self.field(entity, depth, factor, is_apart=is_apart))
        return "{ " + " ".join(parts) + " }"

    def fragment(self, type_name: str, depth: int, factor: int, *, is_apart: bool) -> str:
        """A fragment about a type: spread in place, by name, or one that is there already."""
        known = [n for n, of, apart in self.fragments if of == type_name and apart == is_apart]
        if known and self.chance(40):
            return f"...{self.pick(known)} {self.directive()}"
        directive = self.directive()
        inner = self.object(type_name, depth - 1, factor, is_apart=is_apart)
        if self.chance(50):
            condition = f"on {type_name}" if is_apart or self.chance(70) else ""
            return f"... {condition} {directive}{inner}"
        name = self.fresh("F")
        self.fragments.append((name, type_name, is_apart))
        self.texts.append(f"fragment {name} on {type_name} {inner}")
        return f"...{name} {directive}"

    def field(self, entity: Entity, depth: int, factor: int, *, is_apart: bool) -> str:
        """One field with what it needs."""
        self.fields_left -= 1
        names = ["id", *(n for n in entity.fields if self._is_open(entity, n, depth))]
        name = self.pick([n for n in names if self.is_allowed(f"{entity.name}.{n}")] or ["id"])
        declared = entity.fields.get(name)
        arguments = inner = ""
        match declared:
            case Localised():
                arguments = self.pick(["", "(locale: EN)", "(locale: ZH_CN)"])
            case One(target=target):
                inner = self.object(target, depth - 1, factor)
            case Few(target=target):
                inner = self.object(target, depth - 1, factor * 5)
            case Either():
                alternatives = list(declared.alternatives)
                inner = self.abstract(declared.union, alternatives, depth - 1)
            case Many(target=target):
                other = self.asker.sight.entities[target]
                arguments, size = self.page(other, factor)
                inner = self.connection(other, depth - 1, size)
        is_aliased = (is_apart and name != "id") or arguments or self.chance(12)
        alias = f"{self.fresh('a')}: " if is_aliased else ""
        return f"{alias}{name}{arguments} {self.directive()}{inner}"

    def _is_open(self, entity: Entity, name: str, depth: int) -> bool:
        """Whether there is room for what a field leads to, and a right to it."""
        declared = entity.fields[name]
        if isinstance(declared, One | Few | Many):
            return depth > 1 and self.is_allowed(f"{declared.target}.id")
        return depth > 1 or not isinstance(declared, Either)

    def connection(self, entity: Entity, depth: int, factor: int) -> str:
        """A selection on a connection."""
        parts = []
        for _ in range(1 + self.below(3)):
            match self.below(9):
                case 0 | 1 | 2:
                    parts.append(f"nodes {self.object(entity.name, depth, factor)}")
                case 3 | 4 | 5:
                    inner = self.object(entity.name, depth, factor)
                    extra = self.pick(["cursor", "cursor __typename", "c: cursor", ""])
                    parts.append(f"edges {{ {extra} node {inner} }}")
                case 6:
                    parts.append(f"totalCount {self.directive()}")
                case 7:
                    names = ["hasNextPage", "hasPreviousPage", "startCursor", "endCursor"]
                    chosen = " ".join(self.pick(names) for _ in range(3))
                    parts.append(f"pageInfo {{ {chosen} }}")
                case _:
                    parts.append("__typename")
        return "{ " + " ".join(parts) + " }"

    def directive(self) -> str:
        """Now and then a condition on what it stands at."""
        if not self.chance(8):
            return ""
        name = self.pick(["include", "skip"])
        value = self.chance(25) == (name == "skip")
        condition = self.literal(value)
        match self.below(3):
            case 1:
                condition = f"${self.variable('Boolean!', value, lambda: not value)}"
            case 2:
                variable = self.fresh("v")
                self.definitions.append(f"${variable}: Boolean = {condition}")
                self.others[variable] = not value
                condition = f"${variable}"
        return f"@{name}(if: {condition}) "

    # Arguments.

    def page(self, entity: Entity, factor: int) -> tuple[str, int]:
        """A connection's arguments, and how many rows there can be at its end."""
        most = max(_MOST_ROWS // factor, 1)
        given: dict[str, Any] = {}
        order: list[Mapping[str, str]] = []
        if self.chance(40):
            order = given["orderBy"] = self.order(entity)
        size = self.below(min(most, 7))
        if self.chance(2):
            size = self.pick([101, -1])
        if self.chance(35):
            given["last"] = size
        elif most < 20 or self.chance(70):
            given["first"] = size
        if self.chance(1):
            given |= {"first": 1, "last": 1}
        for name in ("after", "before"):
            if self.chance(20):
                given[name] = self.cursor(entity, order)
        if self.chance(35):
            given["where"] = self.where(entity, 0)
        kind = self.schema.type_map[f"{entity.name}Connection"]
        types = self._page_types(kind.name)
        parts = [f"{name}: {self.given(types[name], value)}" for name, value in given.items()]
        rows = size if "first" in given or "last" in given else 20
        return (f"({', '.join(parts)})" if parts else ""), factor * max(rows, 1)

    def _page_types(self, connection: str) -> Mapping[str, Any]:
        for kind in self.schema.type_map.values():
            if isinstance(kind, GraphQLObjectType):
                for each in kind.fields.values():
                    if str(each.type) == f"{connection}!":
                        return {name: argument.type for name, argument in each.args.items()}
        raise AssertionError(connection)

    def order(self, entity: Entity) -> list[Mapping[str, str]]:
        """Some keys, the same one twice now and then."""
        keys = [k for k, n in entity.orders.items() if self.is_allowed(f"{entity.name}.{n}")]
        directions = ["ASC", "DESC"]
        return [
            {"field": self.pick(keys), "direction": self.pick(directions)}
            for _ in range(1 + self.below(3) if keys else 0)
        ]

    def cursor(self, entity: Entity, order: Sequence[Mapping[str, str]]) -> str:
        """The cursor of some row that the principal sees, in this list or in another."""
        rows = self.asker.sight.rows(entity)
        names = (entity.orders[term["field"]] for term in order)
        may_order = all(self.asker.sight.grants.of(f"{entity.name}.{n}") for n in names)
        if not rows or not may_order or self.chance(4):
            return self.pick(["", "bm9uZQ", "W10", "not a cursor", "WyJvMDAwMDAwMDAiXQ"])
        return self.asker.lists.cursor(entity, order, self.pick(rows))

    def where(self, entity: Entity, depth: int) -> Mapping[str, Any]:
        """Conditions, some of them inside each other or about related rows."""
        values, edges = self._conditions(entity)
        found: dict[str, Any] = {}
        for _ in range(1 + self.below(2)):
            kind = self.below(10)
            if depth < _LEVELS_OF_A_FILTER and kind in (6, 7):
                several = [self.where(entity, depth + 1) for _ in range(self.below(3))]
                found[self.pick(["and", "or"])] = several
            elif depth < _LEVELS_OF_A_FILTER and kind == 8:
                found["not"] = self.where(entity, depth + 1)
            elif depth < _LEVELS_OF_A_FILTER - 1 and kind in (4, 5) and edges:
                maskable = [
                    each for each in edges if getattr(entity.fields[each], "maskable", False)
                ]
                name = self.pick(maskable if maskable and self.chance(40) else edges)
                edge: Any = entity.fields[name]
                found[name] = self.where(self.asker.sight.entities[edge.target], depth + 1)
            elif kind == 9 or not values:
                ids = [self.row_id(entity) for _ in range(self.below(3))]
                found["id"] = {"in": ids} if self.chance(50) else {"eq": self.row_id(entity)}
            else:
                name = self.pick(values)
                found[name] = self.comparison(entity, name)
        if self.chance(1):
            found[next(iter(found))] = None
        return found

    def _conditions(self, entity: Entity) -> tuple[Sequence[str], Sequence[str]]:
        """The values and the edges that a condition may be about."""
        values, edges = [], []
        for name, declared in entity.fields.items():
            if not self.is_allowed(f"{entity.name}.{name}"):
                continue
            if isinstance(declared, Value) and declared.comparable:
                values.append(name)
            elif isinstance(declared, One | Many) and self.is_allowed(f"{declared.target}.id"):
                edges.append(name)
        return values, edges

    def comparison(self, entity: Entity, name: str) -> Mapping[str, Any]:
        """One or two operators with values that occur."""
        kind = self.schema.type_map[f"{entity.name}Filter"]
        assert isinstance(kind, GraphQLInputObjectType)
        operators = list(_named(kind.fields[name].type).fields)
        found: dict[str, Any] = {}
        for _ in range(1 + self.below(5) // 4):
            operator = self.pick(operators)
            match operator:
                case "isNull":
                    found[operator] = self.chance(50)
                case "in":
                    found[operator] = [self.sample(entity, name) for _ in range(self.below(4))]
                case "startsWith":
                    text = self.sample(entity, name)
                    found[operator] = text[: self.below(4)]
                case "contains":
                    text = self.sample(entity, name)
                    start = self.below(4)
                    found[operator] = text[start : start + self.below(3)]
                case _:
                    found[operator] = self.sample(entity, name)
        return found

    def sample(self, entity: Entity, name: str) -> Any:
        """A value of the field in some row, whoever may see it, as a client writes it."""
        declared = entity.fields[name]
        assert isinstance(declared, Value)
        rows = self.asker.sight.world.tables[entity.table.name]
        found = None
        if rows:
            row = self.pick(rows)
            found = self.asker.sight.stored(entity, name, row)
            if self.chance(40) and self.asker.sight.is_visible(entity, row):
                found = self.asker.sight.value(entity, name, row)
        if declared.enum is not None:
            return found or next(iter(declared.enum)).name
        match declared.kind:
            case Kind.STRING:
                return self.pick(_ODD_TEXTS) if found is None or self.chance(10) else found
            case Kind.DATE:
                day = found or date(2015, 3, 1)
                return (day + timedelta(days=self.below(2))).isoformat()
            case Kind.DATETIME:
                moment = found or datetime(2015, 3, 1, tzinfo=UTC)
                return (moment + timedelta(days=self.below(2))).isoformat()
            case Kind.MONEY:
                return f"{(found or 0) // 100}.{(found or 0) % 100:02}"
            case Kind.INT:
                return min((found or 0) + self.below(2), 2**31 - 1)
            case _:
                return bool(found)

    def row_id(self, entity: Entity) -> str:
        """The id of some row of the type, seen or not, now and then of another type."""
        rows: Sequence[Row] = self.asker.sight.world.tables[entity.table.name]
        if not rows or self.chance(2):
            return self.node_id()
        return outside_id(entity, self.pick(rows))
        # Where there is no row, an id that never was.
        return outside_id(entity, self.pick(rows) if rows else {"id": UUID(int=1)})

    def node_id(self) -> str:
        """The id of some row of any type, or of nothing."""
        sight = self.asker.sight
        kind = self.below(10)
        if kind == 9:
            return self.pick(["", "x", "A" * 48, "A" * 47 + "=", "é" * 48, "-_+/" * 12])
        entity = self.pick(list(sight.entities.values()))
        rows = sight.rows(entity) if kind < 6 else sight.world.tables[entity.table.name]
        if entity.name == "Viewer" and self.chance(50):
            rows = sight.world.where("member", {"id": sight.principal.member_id})
        return outside_id(entity, self.pick(rows)) if rows else "none"

    def metrics(self) -> str:
        """Figures, nearly always of what can be split so."""
        sight = self.asker.sight
        hides = is_suppressed(sight.grants)
        splits = PUBLISHED if hides and not self.chance(2) else SPLITS
        allowed = [each for each in splits if self.is_allowed(f"Measure.{each}")]
        measures = [self.pick(allowed) for _ in range(1 + self.below(3))]
        possible = frozenset.intersection(*(splits[each] for each in measures))
        dimensions = sorted(each for each in possible if self.is_allowed(f"Dimension.{each}"))
        if self.chance(3):
            dimensions = ["AGENCY", "MONTH", "SEGMENT"]
        given: dict[str, Any] = {"measures": measures}
        if dimensions and self.chance(70):
            given["by"] = [self.pick(dimensions) for _ in range(1 + self.below(2))]
        is_before = self.chance(30)
        if where := self._facts(possible, hides=hides, has_days=is_before):
            given["where"] = where
        parts = [
            f"{name}: {self.given(self.argument('metrics', name), value)}"
            for name, value in given.items()
        ]
        names = ("value", "unit", "measure", "numerator", "denominator")
        values = [n for n in names if self.is_allowed(f"MetricValue.{n}")]
        if is_before and (len({"from", "until"} & {*where}) == 2 or self.chance(5)):
            values.append("previous")
        value = " ".join(["__typename", *values][self.below(2) :])
        keys = self.pick(["keys { label value dimension }", "", "__typename", "keys { value }"])
        rows = f"rows {{ {keys} values {{ {value or '__typename'} }} }}"
        return f"metrics({', '.join(parts)}) {{ {rows} {self.pick(['', '__typename'])} }}"

    def _facts(self, possible: frozenset[str], *, hides: bool, has_days: bool) -> Mapping[str, Any]:
        """Which facts count."""
        sight, where = self.asker.sight, dict[str, Any]()
        if self.chance(30):
            ids = [self.row_id(sight.entities["Agency"]) for _ in range(self.below(3))]
            where["agencies"] = ids
        if "PROJECT" in possible and self.chance(20):
            ids = [self.row_id(sight.entities["Project"]) for _ in range(self.below(4))]
            where["projects"] = ids
        if "AREA" in possible and self.chance(15):
            where["areas"] = [self.row_id(sight.entities["Area"]) for _ in range(self.below(4))]
        if "KIND" in possible and self.chance(20):
            where["kinds"] = [self.pick(["VISIT", "HOME_HELP", "GROUP_SESSION"])]
        for name in ("from", "until"):
            if self.chance(40 if has_days else 25):
                day = date(2015, 1, 1) + timedelta(days=30 * self.below(12))
                if hides or self.chance(40):
                    day = day.replace(day=1)
                where[name] = day.isoformat()
        return where

    # Values and variables.

    def given(self, kind: Any, value: Any, again: Callable[[], Any] | None = None) -> str:
        """`value` as it stands in the document: written out, or a variable at any level."""
        if value is not None and self.chance(15):
            return f"${self.variable(str(kind), value, again or (lambda: value), kind)}"
        inner = kind.of_type if is_non_null_type(kind) else kind
        if value is None:
            return "null"
        if is_list_type(inner):
            if len(value) == 1 and self.chance(10):
                return self._constant(inner.of_type, value[0])
            return "[" + ", ".join(self.given(inner.of_type, each) for each in value) + "]"
        if isinstance(inner, GraphQLInputObjectType):
            pairs = (
                f"{name}: {self.given(inner.fields[name].type, each, self._other(name, each))}"
                for name, each in value.items()
            )
            return "{" + ", ".join(pairs) + "}"
        return str(value) if is_enum_type(inner) else self.literal(value)

    def _other(self, name: str, value: Any) -> Callable[[], Any]:
        """Another value of the same shape, to ask the same plan again with."""
        if isinstance(value, str) and name in ("startsWith", "contains"):
            return lambda: self.pick(_ODD_TEXTS)
        if type(value) is int:
            return lambda: self.below(10)
        return lambda: value

    def variable(
        self, type_text: str, value: Any, again: Callable[[], Any], kind: Any = None
    ) -> str:
        """A new variable's name, with or without a default, given or left to its default."""
        name = self.fresh("v")
        definition = f"${name}: {type_text}"
        self.others[name] = again()
        if kind is not None and self.chance(30):
            # What stands as a default is a constant: nothing in it is a variable.
            self.definitions.append(f"{definition} = {self._constant(kind, value)}")
            if self.chance(50):
                self.values[name] = value
            return name
        self.definitions.append(definition)
        if type_text.endswith("!") or not self.chance(5):
            self.values[name] = value
        return name

    def _constant(self, kind: Any, value: Any) -> str:
        inner = kind.of_type if is_non_null_type(kind) else kind
        if value is None:
            return "null"
        if is_list_type(inner):
            return "[" + ", ".join(self._constant(inner.of_type, each) for each in value) + "]"
        if isinstance(inner, GraphQLInputObjectType):
            pairs = (
                f"{name}: {self._constant(inner.fields[name].type, each)}"
                for name, each in value.items()
            )
            return "{" + ", ".join(pairs) + "}"
        return str(value) if is_enum_type(inner) else self.literal(value)

    def literal(self, value: Any) -> str:
        """A scalar as GraphQL writes it."""
        if isinstance(value, bool):
            return "true" if value else "false"
        return print_string(value) if isinstance(value, str) else str(value)


def _named(kind: Any) -> Any:
    while is_non_null_type(kind) or is_list_type(kind):
        kind = kind.of_type
    return kind


def _decoded(text: str) -> str:
    try:
        return urlsafe_b64decode(text).decode("latin-1")
    except ValueError:
        return ""
