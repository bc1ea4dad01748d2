"""The course of a thing that has stages: which step leads where, and what a stage forbids.

    class BudgetCourse(Course, table=BUDGET, states=BudgetStatus, noun="The budget"):
        \"\"\"A project's budget: drafted by the agency, decided by the bureau.\"\"\"

        submit = Step(BudgetStatus.DRAFT, BudgetStatus.RETURNED, to=BudgetStatus.SUBMITTED)
        approve = Step(BudgetStatus.SUBMITTED, to=BudgetStatus.APPROVED, not_by=("submitted_by",))
        commit = Allows(BudgetStatus.APPROVED)

`Act.take` is the only runner of steps and `Act.check` the only one that asks what a stage allows:
refusals, the optimistic lock and the diagram in the documentation follow from the declaration. The
column's CHECK and the schema's enum follow from the words it is annotated with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from sqlalchemy import Table

from citywide.rules.words import PACKAGE, Words

Row = Mapping[str, Any]


class _Declared:
    """Something that a course declares; its name and course are known once the class is made."""

    name: str
    course: type[Course]
    sources: tuple[Words, ...]
    says: str | None = None
    advice: str | None = None

    def __set_name__(self, owner: type[Course], name: str) -> None:
        self.name = name.replace("_", " ")
        self.course = owner

    @property
    def phrase(self) -> str:
        """What it does in a sentence that begins with the thing: `approve it`, `send it back`."""
        verb, *rest = self.name.split()
        match rest:
            case _ if self.says is not None:
                return self.says
            case []:
                return f"{verb} it"
            case ["back" | "up"]:
                return f"{verb} it {rest[0]}"
            case [*_, "of" | "on" | "for"]:
                return f"{self.name} it"
            case _:
                return self.name


class Step(_Declared):
    """A step from some stages to one; its name is a verb that stands in sentences.

    `not_by` are the columns that name whoever may not take it: who made does not check.
    `awaits` says that somebody else has to decide next. Without `to` the use case says where it
    leads, among the stages that `leads` lists. `says` is what it does where `phrase` cannot tell.
    """

    def __init__(
        self,
        *sources: Words,
        to: Words | None = None,
        leads: tuple[Words, ...] = (),
        not_by: tuple[str, ...] = (),
        awaits: bool = False,
        says: str | None = None,
    ) -> None:
        """From each of `sources`."""
        self.sources = sources
        self.says = says
        self.to = to
        self.targets = leads if to is None else (to,)
        self.not_by = not_by
        self.awaits = awaits


class Allows(_Declared):
    """What is done to the thing, or to what hangs on it, at these stages alone.

    `advice` is a sentence about what else can be done, `says` as of a step.
    """

    def __init__(self, *sources: Words, advice: str | None = None, says: str | None = None) -> None:
        """At each of `sources`."""
        self.sources = sources
        self.advice = advice
        self.says = says


class Course:
    """The stages of a table's rows; each subclass declares one, and is never made."""

    table: ClassVar[Table]
    noun: ClassVar[str]
    column: ClassVar[str]
    states: ClassVar[type[Words]]
    begins: ClassVar[tuple[Words, ...]]
    # Where days say the stage: the day's column of each stage but the first, the last one first.
    days: ClassVar[Mapping[Words, str]]
    # What a refusal is raised as, given its sentence, the row and a path; None: a `StateProblem`,
    # and for a step by whoever may not take it an `AccessProblem`.
    problem: ClassVar[Callable[..., Exception] | None] = None
    own_work: ClassVar[Callable[..., Exception] | None] = None

    def __init_subclass__(
        cls, *, table: Table, noun: str, states: type[Words], column: str = "status",
        begins: tuple[Words, ...] = (), days: Mapping[Words, str] | None = None,
    ) -> None:  # fmt: skip
        """Refuses a step outside of the course: from or to a stage that `states` does not have."""
        super().__init_subclass__()
        cls.table, cls.noun, cls.column, cls.states = table, noun, column, states
        cls.begins = begins or (next(iter(states)),)
        cls.days = days or {}
        for each in (*cls.steps(), *cls.permissions()):
            strange = {*each.sources, *getattr(each, "targets", ())} - set(states)
            if strange:
                raise ValueError(f"{cls.__name__}.{each.name}: {strange} are no stages of it.")
        reached = {*cls.begins, *(target for step in cls.steps() for target in step.targets)}
        if reached != set(states):
            raise ValueError(f"{cls.__name__} never comes to {set(states) - reached}.")

    @classmethod
    def steps(cls) -> tuple[Step, ...]:
        """Its steps, in the order of declaration."""
        return tuple(each for each in vars(cls).values() if isinstance(each, Step))

    @classmethod
    def permissions(cls) -> tuple[Allows, ...]:
        """What its stages allow, in the order of declaration."""
        return tuple(each for each in vars(cls).values() if isinstance(each, Allows))

    @classmethod
    def state_of(cls, row: Row) -> Words:
        """The stage that a row is at."""
        if cls.days:
            reached = (state for state, day in cls.days.items() if row[day] is not None)
            return next(reached, cls.begins[0])
        found: Words = cls.states.__members__[str(row[cls.column])]
        return found

    @classmethod
    def values_of(cls, state: Words, row: Row) -> dict[str, Any]:  # noqa: ARG003 -- for courses whose stage is in several columns
        """The columns of a row that has come to `state`; the use case gives a day that says it."""
        return {} if cls.days else {cls.column: state}

    @classmethod
    def possible(cls, state: Words) -> tuple[Step, ...]:
        """The steps that a stage has, whoever takes them and whatever else they need."""
        return tuple(step for step in cls.steps() if state in step.sources)

    @classmethod
    def refusal(cls, state: Words, what: _Declared) -> str | None:
        """Why a step cannot be taken, or something not be done, at `state`; None when it can."""
        if state in what.sources:
            return None
        listed = ", ".join(step.name for step in cls.possible(state))
        follows = f"Possible steps: {listed}." if listed else "No step follows."
        follows = what.advice or follows
        return f"{cls.noun} is {state.plain}: you cannot {what.phrase} now. {follows}"

    @classmethod
    def diagram(cls) -> str:
        """The course as a Mermaid state diagram (https://mermaid.js.org)."""
        return "\n".join(["stateDiagram-v2", *cls._edges()])

    @classmethod
    def _edges(cls) -> Iterator[str]:
        for state in cls.begins:
            yield f"    [*] --> {state}"
        for step in cls.steps():
            for source in step.sources:
                for target in step.targets:
                    yield f"    {source} --> {target}: {step.name}"
        for state in cls.states:
            if not cls.possible(state):
                yield f"    {state} --> [*]"


def courses() -> list[type[Course]]:
    """Every course that the platform declares, by name."""
    declared = [each for each in Course.__subclasses__() if each.__module__.startswith(PACKAGE)]
    return sorted(declared, key=lambda course: course.__name__)
