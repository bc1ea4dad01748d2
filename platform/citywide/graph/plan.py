"""A plan: the SQL of one operation for one set of roles, and how each parameter gets its value."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from citywide.authz.principal import Principal
from citywide.errors import Code, RefusalError
from citywide.graph.costs import statement_points
from citywide.graph.cursors import Cursors, Given
from citywide.graph.paging import page_size
from citywide.graph.values import OPENED, Supply, Variables, resolve

# What one answer may hold at most: the product of page sizes along each path, summed. A page of
# a hundred with a hundred rows in each of its rows fits; a third level of that does not.
ANSWER_ROWS = 20_000
# A longer statement takes PostgreSQL tens of milliseconds to plan alone; a page's has some five
# thousand characters.
HEAVY_SQL = 16_000
# What a plan takes beside its SQL, and for each of its parameters; measured with all that is held.
PLAN_BYTES = 4_000
# The same for one parameter, with the argument or literal that gives it its value.
SUPPLY_BYTES = 600
# And of its SQL, with the masks and the paths of lists that lie beside it.
SQL_FACTOR = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """What a document, an operation name, a set of roles and a shape of variables come to.

    `roots` are the coordinates of its root fields, `person_coordinates` those that tell about
    persons, `probed` those about persons that are filtered, ordered or counted by,
    `countings` the places that tell how many rows that comes to;
    `masked` is the value of `extensions.masked`, with which the answer ends;
    `cursors` are those that it is given, and `gives_cursors` says whether it answers with any;
    `introspection` is the operation that graphql-core answers, if any, `keys` are all response keys
    of the root in order; `finishes` makes the answer under a key of what the statement found there;
    `has_figures` says that a root counts rows which it does not list.
    """

    sql: str
    supplies: tuple[Supply, ...]
    masked: tuple[Mapping[str, object], ...]
    sizes: tuple[tuple[Any, ...], ...]
    has_sealed: bool
    cursors: tuple[Given, ...]
    gives_cursors: bool
    roots: tuple[str, ...]
    person_coordinates: tuple[str, ...]
    probed: tuple[str, ...]
    countings: int
    keys: tuple[str, ...]
    finishes: Mapping[str, Callable[[Any, Variables], Any]]
    introspection: str
    has_figures: bool
    end: bytes

    @property
    def touches_persons(self) -> bool:
        """Whether anything about persons is shown or looked at."""
        return bool(self.person_coordinates or self.probed)

    @property
    def is_heavy(self) -> bool:
        """Whether its statement may keep a processor busy: a figure of many rows, or many lists."""
        return self.has_figures or len(self.sql) > HEAVY_SQL

    @property
    def weight(self) -> int:
        """About what it takes in memory, in bytes."""
        return PLAN_BYTES + SQL_FACTOR * len(self.sql) + SUPPLY_BYTES * len(self.supplies)

    def rows(self, variables: Variables) -> int:
        """How many rows the answer may hold; refuses a page size that is out of bounds."""
        rows = 0
        for path in self.sizes:
            product = 1
            for size in path:
                found = resolve(size, variables)
                product *= len(found) if isinstance(found, list) else page_size(found)
            rows += product
        return rows

    def points(self, variables: Variables) -> float:
        """What running it costs (`costs`)."""
        rows = self.rows(variables)
        return statement_points(rows, len(self.sql), has_figures=self.has_figures)

    def values(
        self, principal: Principal, variables: Variables, cursors: Cursors | None = None
    ) -> list[Any]:
        """The bind values of one request; refuses what is out of bounds.

        `cursors` opens those that the operation gives, if it does.
        """
        rows = self.rows(variables)
        if rows > ANSWER_ROWS:
            message = (
                f"The answer could hold {rows} rows; {ANSWER_ROWS} at most. Ask for smaller pages."
            )
            raise RefusalError(Code.LIMIT_EXCEEDED, message)
        if self.cursors:
            assert cursors is not None
            opened = [
                cursors.opened(resolve(given.text, variables), given, principal)
                for given in self.cursors
            ]
            variables = {**variables, OPENED: opened}
        return [supply(principal, variables) for supply in self.supplies]

    def finished(self, data: bytes, variables: Variables) -> bytes:
        """The answer with what roots make of their facts, before anyone is noted as told about.

        Spaced as PostgreSQL spaces JSON_OBJECT, which is how hidden members are found.
        """
        if not self.finishes:
            return data
        found = json.loads(data)
        for key, finish in self.finishes.items():
            found[key] = finish(found[key], variables)
        return json.dumps(found, ensure_ascii=False, separators=(", ", " : ")).encode()


def end_of(masked: Sequence[Mapping[str, object]]) -> bytes:
    """How a response body ends: what is masked in it, if anything."""
    return f',"extensions":{json.dumps({"masked": masked})}}}'.encode() if masked else b"}"
