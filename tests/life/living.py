"""A life: somebody does something, and after each act the city is looked at."""

from __future__ import annotations

import json
import os
import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from citywide.audit.verify import faults
from citywide.errors import RefusalError
from citywide.graph.engine import Operation
from life import (
    coherence_of_cases,
    coherence_of_money,
    coherence_of_work,
    declarations,
    hints,
    invariants,
    known,
    people,
    reading,
    ripeness,
)
from life.city import City, Written
from life.declarations import KEY, Asked
from life.drawing import Drawing
from life.people import Person
from walls.house import PURPOSE, House

RECIPES = {
    **coherence_of_cases.RECIPES,
    **coherence_of_money.RECIPES,
    **coherence_of_work.RECIPES,
}
# Of a thousand steps, so many are no act.
READS, DAYS, REPEATS = 150, 6, 40
# And so many acts ask for more of the row than its id.
UNTOLD = 15
# Of a hundred acts, so many are of any kind, though there may be no row for them.
UNRIPE = 5
# More findings than this are one finding.
MOST_FAULTS = int(os.environ.get("CITYWIDE_FAULTS", "20"))
# A rule that is broken once is often broken by what follows.
MOST_OF_ONE = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an act came to: `DONE`, the code of a problem or a refusal, or `INTERNAL`."""

    code: str
    answer: Any = None
    told: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for what."""

    person: Person
    asked: Asked
    given: Mapping[str, Any]
    odd: str | None
    # What is read of the row that it leads to.
    selection: str = "id"

    def __str__(self) -> str:
        given = json.dumps(self.given, default=str)
        given = given if len(given) < 1_500 else f"{given[:1_500]}…"
        return (
            f"{self.person.subject}@{self.person.slug} {self.asked.name} {given} (odd: {self.odd})"
        )


@dataclass(slots=True)
class Life:
    """A city under way."""

    house: House
    city: City
    random: Random
    mutations: Mapping[str, Asked]
    allowed: Mapping[str, frozenset[str]]
    invariants: tuple[invariants.Rule, ...]
    tally: dict[str, Counter[str]] = field(default_factory=dict)
    reasons: dict[str, Counter[str]] = field(default_factory=dict)
    known: Counter[str] = field(default_factory=Counter)
    # What was found broken before: later acts have not broken it again.
    told: set[tuple[str, str]] = field(default_factory=set)
    faults: dict[str, str] = field(default_factory=dict)
    number: int = 0
    # Whether what is remembered of memberships may be wrong by now.
    is_access_changed: bool = True

    @classmethod
    async def begun(cls, house: House, seed: int) -> Life:
        """A life in a city as it stands, which must keep every rule to begin with."""
        asked = declarations.mutations(house.schema)
        city = await City.watched(house.owner, declarations.tables())
        allowed = people.allowances(house.engine.policy, asked, city)
        rules = invariants.rules(declarations.tables())
        await invariants.taught(house.owner, rules)
        life = cls(house, city, Random(seed), asked, allowed, rules)  # noqa: S311 - no secret
        await life._hold("the beginning", None, 0)
        return life

    @property
    def is_over(self) -> bool:
        """Whether there are so many faults that more would tell nothing new."""
        return len(self.faults) >= MOST_FAULTS

    async def go_on(self, acts: int) -> None:
        """So many steps, or until there are too many faults."""
        for _ in range(acts):
            if self.is_over:
                return
            self.number += 1
            await self._step()

    async def end(self) -> None:
        """What is too dear to look at after each act."""
        for bureau in self.city.of("bureau"):
            async for each in faults(self.house.database, bureau["id"]):
                if each.fault is not None:
                    self._fault(f"the trail of {each.slug}: {each.fault}", "")
        await self._hold("the end", None, 0)

    async def is_noticed(self, name: str, statement: str) -> bool:
        """Whether a rule is found broken after a statement, which is taken back."""
        [rule] = (rule for rule in self.invariants if rule.name == name)
        transaction = self.house.owner.transaction()
        await transaction.start()
        try:
            await self.house.owner.execute(statement)
            return bool(await invariants.broken(self.house.owner, [rule], self.city.seen))
        finally:
            await transaction.rollback()

    # -- steps -------------------------------------------------------------------------------

    async def _step(self) -> None:
        if self.is_access_changed or not self.house.memberships.is_watched:
            await self.house.memberships.look()
            self.is_access_changed = False
        drawn = self.random.randrange(1_000)
        if drawn < DAYS:
            await self._next_day()
        elif drawn < DAYS + READS:
            await self._read()
        else:
            await self._act()

    async def _next_day(self) -> None:
        await self.house.owner.execute("UPDATE bureau SET replay_date = replay_date + 1")
        await self.house.owner.execute("UPDATE access_version SET version = version + 1")
        await self.city.news()
        self.is_access_changed = True

    async def _read(self) -> None:
        person = self.random.choice(people.members(self.city))
        document, variables = reading.drawn(self.random, self.city, self.house.schema)
        outcome = await self._ask(person, document, variables)
        self._count("(reads)", outcome)
        where = f"{person.subject}@{person.slug} reads {document} with {variables}"
        if outcome.code == "INTERNAL":
            self._fault(f"INTERNAL of a read: {outcome.told[-300:]}", where + outcome.told)
        if await self.city.news():
            self._fault("a read has written", where)

    async def _act(self) -> None:
        request = self._drawn()
        outcome = await self._asked(request)
        news = await self.city.news()
        self.is_access_changed |= any(each.relation == "access_version" for each in news)
        self._count(request.asked.name, outcome, request.odd)
        self._check(request, outcome, news)
        if outcome.code == "DONE":
            await self._hold(request.asked.name, request, news[0].place - 1 if news else 0, news)
            if self.random.randrange(1_000) < REPEATS:
                again = await self._asked(request)
                if again.answer != outcome.answer or await self.city.news():
                    self._fault(f"{request.asked.name} was done twice for a key", str(request))

    def _drawn(self) -> Request:
        # What has succeeded least is tried most, where there is something to do it with.
        names = self.random.sample([*self.mutations], 6)
        ripe = [
            name
            for name in names
            if ripeness.is_ripe(self.city, self.house.schema, self.mutations[name])
        ]
        if self.random.randrange(100) < UNRIPE or not ripe:
            ripe = names[:1]
        done = {
            name: self.tally.get(name, Counter())["DONE"] / hints.FREQUENCY.get(name, 1)
            for name in ripe
        }
        asked = self.mutations[min(ripe[:3], key=lambda name: done[name])]
        rows = ripeness.rows_about(self.city, self.house.schema, asked)
        about = self.random.choice(rows) if rows else None
        person = people.drawn(self.random, self.city, asked, self.allowed, about)
        drawing = Drawing(
            self.random, self.city, self.house.schema, person, self.number, asked.name, about
        )
        values = drawing.input(asked)
        if asked.name in RECIPES:
            RECIPES[asked.name](drawing, values)
        drawing.spoil(asked, values)
        given = {**values, KEY: f"life-{self.number}"}
        return Request(person, asked, given, drawing.odd, self._selection(asked))

    def _selection(self, asked: Asked) -> str:
        """What is read of the success: now and then what cannot be told."""
        lists = declarations.lists_of(self.house.schema, asked.gives)
        if self.random.randrange(1_000) >= UNTOLD or not lists:
            return "id"
        argument = self.random.choice(("first: 5000", 'after: "stale"', "first: 1"))
        return f"id {self.random.choice(lists)}({argument}) {{ totalCount }}"

    # -- asking ------------------------------------------------------------------------------

    async def _asked(self, request: Request) -> Outcome:
        asked = request.asked
        document = (
            f"mutation Life($input: {asked.prefix}Input!) {{ {asked.name}(input: $input) {{ "
            f"__typename ... on {asked.prefix}Success {{ {asked.payload} "
            f"{{ {request.selection} }} }} "
            "... on Problem { code message path } "
            "... on InputProblem { faults { path message } } } }"
        )
        outcome = await self._ask(request.person, document, {"input": request.given})
        if outcome.code != "DONE":
            return outcome
        answer = outcome.answer[asked.name]
        return Outcome(answer.get("code", "DONE"), answer, str(answer))

    async def _ask(self, person: Person, document: str, variables: Mapping[str, Any]) -> Outcome:
        try:
            principal = await self.house.memberships.principal(person.subject, person.slug)
            operation = Operation(document, None, variables, PURPOSE)
            answer = json.loads(await self.house.engine.answer(operation, principal))
        except RefusalError as refusal:
            return Outcome(f"({refusal.code.value})", told=refusal.message)
        except Exception as error:  # noqa: BLE001 - whatever it is, a server answers INTERNAL
            if type(error).__name__ == "InvalidDocumentError":
                return Outcome("(INVALID)", told=str(error))
            return Outcome("INTERNAL", told="".join(traceback.format_exception(error)))
        errors = answer.get("errors", [])
        codes = [error["extensions"]["code"] for error in errors]
        if "INTERNAL" in codes:
            return Outcome("INTERNAL", told=str(errors))
        if any(value is None for value in answer["data"].values()) and codes:
            return Outcome(f"({codes[0]})", told=str(errors))
        return Outcome("DONE", answer["data"])

    # -- looking -----------------------------------------------------------------------------

    def _check(self, request: Request, outcome: Outcome, news: list[Written]) -> None:
        name = request.asked.name
        if outcome.code == "INTERNAL":
            last = outcome.told.strip().splitlines()[-1]
            self._fault(f"INTERNAL of {name}, {request.odd}: {last}", f"{request}\n{outcome.told}")
        if outcome.code != "DONE":
            if news:
                written = sorted({each.relation for each in news})
                self._fault(
                    f"{name} was refused ({outcome.code}) and wrote {written}", str(request)
                )
            return
        entries = [each.new for each in news if each.relation == "audit_entry"]
        keys = [each.new for each in news if each.relation == "idempotency_key"]
        told = [(entry and entry["kind"], entry and entry["coordinate"]) for entry in entries]
        given, sealer = request.given[KEY].strip(), self.house.database.sealer
        known_by = [
            key is not None and key["key"] == sealer.request_key(UUID(key["tenant_id"]), given)
            for key in keys
        ]
        if told != [("WRITE", request.asked.coordinate)] or known_by != [True]:
            self._fault(f"{name} left entries {told} and keys {keys}", str(request))

    async def _hold(
        self, what: str, request: Request | None, since: int, news: list[Written] | None = None
    ) -> None:
        """Every rule about something that was written holds; None: every rule."""
        touched = None if news is None else {each.relation for each in news}
        asked = [
            rule
            for rule in self.invariants
            if (not rule.is_of_one_act if touched is None else touched & rule.about)
        ]
        for name, shown in await invariants.broken(self.house.owner, asked, since):
            if (name, shown) in self.told:
                continue
            self.told.add((name, shown))
            if known.is_broken_known(name, what):
                self.known[f"{name} by {what}"] += 1
            else:
                self._fault(f"{name} broken", f"by {what}: {request}\n{shown}", key=shown)

    def _count(self, name: str, outcome: Outcome, odd: str | None = None) -> None:
        self.tally.setdefault(name, Counter())[outcome.code] += 1
        if outcome.code != "DONE" and odd is None:
            self.reasons.setdefault(name, Counter())[outcome.told[:160]] += 1

    def _fault(self, what: str, more: str, key: str = "") -> None:
        if key and sum(each.startswith(what) for each in self.faults) >= MOST_OF_ONE:
            return
        self.faults.setdefault(what + key, f"step {self.number}: {what}\n    {more}")
