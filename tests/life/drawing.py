"""Draws what somebody asks for: mostly plausible, sometimes with one thing that is odd."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from citywide.graph.schema import Schema
from life import hints
from life.city import City, Row
from life.declarations import Asked, Given, is_tenants, outside, table_of
from life.people import Person
from life.ripeness import fitting, needed
from life.workers import worker_of

# Of a hundred inputs, in so many something is odd.
ODD = 22
# Of more rows than this it is not asked whose they are.
MOST_LOOKED_AT = 80
# And in so many it is about the row for which somebody was drawn.
ABOUT = 92
NOTHING = str(UUID(int=7))
EDGES = ("0001-01-01", "1899-12-31", "2014-11-30", "2015-12-01", "2016-02-29", "9999-12-31")
ODD_NUMBERS = (-1, 0, 1_000_000, 2**31 - 1, -(2**31))
ODD_AMOUNTS = ("0.00", "-1.00", "0.01", "9999999999999.99", "10000000000.01", "1.5", "1,00", "")
ODD_MOMENTS = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z")


@dataclass(slots=True)
class Drawing:
    """One input under way: who asks, and the rows that it names so far."""

    random: Random
    city: City
    schema: Schema
    person: Person
    number: int
    mutation: str
    # What it should be about, if anything.
    about: Row | None = None
    named: list[Row] = field(default_factory=list)
    # The rows of each field with ids, for what goes beyond a single field.
    by_field: dict[str, list[Row]] = field(default_factory=dict)
    odd: str | None = None

    def input(self, asked: Asked) -> dict[str, Any]:
        """A whole input, all of it plausible as far as declarations and hints go."""
        return self._object(asked, asked.fields)

    def spoil(self, asked: Asked, values: dict[str, Any]) -> None:
        """Make one thing in it odd."""
        places = [*_places(asked.fields, values)]
        if not places or self.random.randrange(100) >= ODD:
            return
        holder, key, given = self.random.choice(places)
        kind, value = self._odd(given)
        self.odd = f"{kind} in {given.name}"
        holder[key] = value

    # -- plausible ---------------------------------------------------------------------------

    def _object(self, asked: Asked, fields: Sequence[Given]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        # Versions, days and amounts depend on the rows that are named.
        for given in sorted(fields, key=lambda each: (each.of is None, each.is_list)):
            if not given.is_required and self.random.randrange(100) < 50:
                continue
            if given.is_nullable and self.random.randrange(100) < 25:
                if not given.is_required and self.random.randrange(2):
                    continue
                values[given.name] = None
                continue
            values[given.name] = self._field(asked, given)
        return {each.name: values[each.name] for each in fields if each.name in values}

    def _field(self, asked: Asked, given: Given) -> Any:
        if not given.is_list:
            return self._value(asked, given)
        size = self.random.choice((1, 1, 1, 2, 2, 3))
        if given.kind == "inner":
            before = len(self.named)
            found = []
            for _ in range(size):
                found.append(self._value(asked, given))
                del self.named[before:]
            return found
        drawn = [self._value(asked, given) for _ in range(size)]
        return list(dict.fromkeys(drawn))

    def _value(self, asked: Asked, given: Given) -> Any:
        if given.of is not None:
            return self._id(asked, given)
        match given.kind:
            case "inner":
                return self._object(asked, given.inner)
            case "word":
                return self.random.choice(given.words)
            case "Date":
                return self.day(given.name).isoformat()
            case "DateTime":
                return f"{self.day(given.name)}T08:00:00Z"
            case "Boolean":
                return self.random.random() < 0.5
            case "Money":
                return self._amount()
            case "Int":
                return self._int(given)
            case _:
                return self.text(asked.name, given.name)

    def _id(self, asked: Asked, given: Given) -> str:
        assert given.of is not None
        rows = self.candidates(asked.name, given)
        is_about = given is needed(asked) and self.random.randrange(100) < ABOUT
        if is_about and self.about is not None:
            rows = [self.about]
        if not rows:
            return self._id_of_nothing(given.of)
        row = self.random.choice(rows)
        self.named.append(row)
        self.by_field.setdefault(given.name, []).append(row)
        return outside(self.schema, given.of, row)

    def candidates(self, mutation: str, given: Given) -> list[Row]:
        """Rows that may stand in a field: of the right tenant, in the right state, one's own."""
        assert given.of is not None
        table = table_of(self.schema, given.of)
        rows = [*self.city.of(table)]
        if is_tenants(self.schema, given.of):
            home = self.home()
            rows = [row for row in rows if row["tenant_id"] == home] or rows if home else rows
        rows = fitting(self.city, rows, mutation, given.name) or rows
        for narrower in (self._own, self._related):
            if self.random.randrange(100) < 85:
                rows = narrower(rows) or rows
        return rows

    def home(self) -> str | None:
        """The tenant whose rows are meant: that of the first row, or of who asks."""
        if not self.person.is_bureau:
            return self.person.tenant_id
        for row in self.named:
            if row.get("tenant_id") not in (None, self.person.tenant_id):
                return str(row["tenant_id"])
        return None

    def _own(self, rows: list[Row]) -> list[Row]:
        """Those in the caseload of who asks."""
        if self.person.is_bureau or not rows or len(rows) > MOST_LOOKED_AT:
            return rows
        me = self.person.member_id
        return [row for row in rows if worker_of(self.city, row) == me]

    def _related(self, rows: list[Row]) -> list[Row]:
        """Those that hang on a row that is named already, or on which it hangs."""
        for named in reversed(self.named):
            found = [
                row
                for row in rows
                if row["id"] != named["id"]
                and (named["id"] in row.values() or row["id"] in named.values())
            ]
            if found:
                return found
        return []

    def day(self, name: str) -> date:
        """A day that has been or lies ahead, near the edges of the periods of what is named."""
        today = self.city.today
        edges = [date.fromisoformat(day) for row in self.named for day in _days(row)]
        if name in hints.AHEAD:
            return today + timedelta(self.random.choice((1, 7, 30, 45, 90, 200)))
        begun = max((day for day in edges if day <= today), default=today - timedelta(40))
        match self.random.randrange(10):
            case 0 | 1 | 2 | 3:
                return today
            case 4 | 5:
                return begun
            case 6:
                return begun + timedelta(self.random.choice((-1, 1)))
            case 7:
                return self.random.choice(edges) if edges else today - timedelta(1)
            case _:
                return begun + timedelta(self.random.randrange((today - begun).days + 1))

    def _amount(self) -> str:
        """Around what the rows that are named hold, or a small sum."""
        held = [
            value
            for row in self.named
            for name, value in row.items()
            if name.endswith("_fen") and value
        ]
        owners = {row["id"] for row in self.named}
        held += [
            row["balance_fen"]
            for row in self.city.of("ledger_account")
            if row["owner_id"] in owners
        ]
        fen = self.random.randrange(100, 60_000)
        if held and self.random.randrange(100) < 45:
            most = self.random.choice(held)
            fen = self.random.choice((most - 1, most, most + 1, most // 2, most // 10))
        return f"{abs(fen) // 100}.{abs(fen) % 100:02}"

    def _int(self, given: Given) -> int:
        name = given.name.lower().removesuffix("version")
        if given.name.lower().endswith("version"):
            rows = self.by_field.get(f"{name}Id") or self.named or [{}]
            return int(rows[0].get("version", 1))
        least, most = hints.RANGES.get(given.name, (0, 20))
        return self.random.randint(least, most)

    def text(self, mutation: str, name: str) -> str:
        """A text for a field, once given where it has to be."""
        pool = hints.NAMES.get(mutation) if name == "name" else None
        text = self.random.choice(pool or hints.TEXTS.get(name) or hints.PLAIN)
        return text.replace("{}", str(self.number))

    # -- odd ---------------------------------------------------------------------------------

    def _odd(self, given: Given) -> tuple[str, Any]:
        """What it is called, and the value."""
        if given.of is not None:
            kind, value = self._odd_id(given.of)
        else:
            match given.kind:
                case "String":
                    kind, value = self.random.choice([*hints.ODD_TEXTS.items()])
                case "Date":
                    near = self.city.today + timedelta(self.random.choice((1, -1, 400, -4_000)))
                    value = self.random.choice((*EDGES, near.isoformat()))
                    kind = "day"
                case "DateTime":
                    kind, value = "moment", self.random.choice(ODD_MOMENTS)
                case "Int":
                    kind, value = "number", self.random.choice(ODD_NUMBERS)
                case "Money":
                    kind, value = "amount", self.random.choice(ODD_AMOUNTS)
                case "word":
                    kind, value = "word", "NO_SUCH_WORD"
                case _:
                    kind, value = "null", None
        if not given.is_list:
            return kind, value
        ways = [("empty list", []), ("twice", [value, value]), (kind, [value])]
        return self.random.choice(ways) if given.kind != "inner" else ("empty list", [])

    def _odd_id(self, of: str) -> tuple[str, str]:
        table = table_of(self.schema, of)
        elsewhere = [
            row for row in self.city.of(table) if row.get("tenant_id") != self.person.tenant_id
        ]
        others = [name for name in self.schema.entities if name != of]
        match self.random.randrange(5):
            case 0 | 1 if elsewhere:
                return "id elsewhere", outside(self.schema, of, self.random.choice(elsewhere))
            case 2:
                return "id of nothing", self._id_of_nothing(of)
            case 3:
                other = self.random.choice(others)
                rows = [*self.city.of(table_of(self.schema, other))]
                if rows:
                    row = self.random.choice(rows)
                    return "id of another type", outside(self.schema, other, row)
        return "no id", self.random.choice(("", "x", "Ä" * 48, "A" * 48, "前\x00后", "\ud800"))

    def _id_of_nothing(self, of: str) -> str:
        return outside(self.schema, of, {"tenant_id": self.person.tenant_id, "id": NOTHING})


def _days(row: Row) -> Iterator[str]:
    """The days that a row says something about."""
    for name, value in row.items():
        if value and name.endswith(("_on", "_from", "_until")) and "infinity" not in value:
            yield value


def _places(
    fields: Sequence[Given], values: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], str, Given]]:
    """Every place of an input where something can be odd: where it stands, its name, its field."""
    for given in fields:
        if given.name not in values:
            continue
        value = values[given.name]
        yield values, given.name, given
        if given.kind == "inner" and value:
            for each in value if given.is_list else [value]:
                yield from _places(given.inner, each)
