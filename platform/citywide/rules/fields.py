"""The fields of a use case's input, each with its rules: what the schema says of it is checked.

    @draft
    class ScoreDraft:
        \"\"\"Where the person stands on a goal.\"\"\"

        goal_id: UUID = id_of("CaseGoal", "The goal.")
        scored_on: date = day("The day on which they were asked.", past=True)
        score: int = whole("Where they stand.", least=0, most=10)
        note: str | None = paragraph("What they said about it.", default=None)

One declaration feeds the input type of the schema with its descriptions and `@constraint`s, what
is read of a request, and `faults_of`, which `acts.perform` asks before anything is looked up. A
rule that needs another field or a row of the database belongs to the use case.
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Hashable, Iterator
from dataclasses import MISSING, dataclass
from datetime import date
from enum import Enum
from functools import cache
from typing import (
    Any,
    Literal,
    TypeVar,
    Union,
    cast,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from citywide.errors import Fault, Path, refuse
from citywide.rules.texts import NOTE_LENGTH, PHONE_LENGTH
from citywide.rules.values import Day, Formed, Listed, Phone, Range, Rule, Text

D = TypeVar("D")

# A list in an input: the most that any use case takes is its own rule, this is everybody's.
LONGEST_LIST = 500
# Whole numbers of the schema have 32 bits (GraphQL, section 3.5.1).
LARGEST_WHOLE = 2**31 - 1
# The yearly budget of a large city's district; a larger sum is a slip of the keyboard.
LARGEST_FEN = 10_000_000_000 * 100


class Unset(Enum):
    """What an update leaves as it is: a field that the caller did not send."""

    UNSET = "UNSET"


UNSET: Literal[Unset.UNSET] = Unset.UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a field of an input is.

    `entity` names the type whose row's id it is. What is `secret` is kept out of the audit trail;
    `money` is an amount in yuan outside and in fen inside. `rules` hold for each value, `listed`
    for the list as a whole.
    """

    description: str
    entity: str | None = None
    is_secret: bool = False
    is_money: bool = False
    rules: tuple[Rule, ...] = ()
    listed: Listed | None = None

    @property
    def text(self) -> str:
        """The description with its rules, as the schema shows it."""
        rules = [*self.rules, *([self.listed] if self.listed else [])]
        return " ".join([self.description, *(rule.sentence for rule in rules if rule.sentence)])

    @property
    def constraint(self) -> dict[str, Any]:
        """The arguments of the schema's directive."""
        found: dict[str, Any] = {}
        for rule in (*self.rules, *([self.listed] if self.listed else [])):
            found |= rule.constraint
        return found


def _declared(about: About, default: Any) -> Any:
    return dataclasses.field(default=default, metadata={"about": about})


def line(description: str, longest: int, *, secret: bool = False, default: Any = MISSING) -> Any:
    """A text in one line of 1 to `longest` characters."""
    rule = Text(
        sentence=f"One line of at most {longest} characters.",
        constraint={"minLength": 1, "maxLength": longest, "format": "line"},
        longest=longest,
        lines=False,
    )
    return _declared(About(description=description, is_secret=secret, rules=(rule,)), default)


def paragraph(description: str, longest: int = NOTE_LENGTH, *, default: Any = MISSING) -> Any:
    """A text of 1 to `longest` characters, which may have several lines."""
    rule = Text(
        sentence=f"At most {longest} characters.",
        constraint={"minLength": 1, "maxLength": longest},
        longest=longest,
        lines=True,
    )
    return _declared(About(description=description, rules=(rule,)), default)


def formed(description: str, pattern: str, sentence: str, *, default: Any = MISSING) -> Any:
    """A short text as the regular expression `pattern` has it; `sentence` says that to people."""
    rule = Formed(
        sentence=sentence, constraint={"pattern": f"^{pattern}$"}, pattern=re.compile(pattern)
    )
    return _declared(About(description=description, rules=(rule,)), default)


def phone(description: str, *, default: Any = MISSING) -> Any:
    """A telephone number: digits and separators."""
    rule = Phone(
        sentence="Digits, blanks and the signs + - ( ).",
        constraint={"minLength": 1, "maxLength": PHONE_LENGTH, "format": "phone"},
    )
    return _declared(About(description=description, rules=(rule,)), default)


def whole(
    description: str,
    *,
    least: int = 0,
    most: int = LARGEST_WHOLE,
    message: str | None = None,
    default: Any = MISSING,
) -> Any:
    """A whole number from `least` to `most`; `message` says so better where there is a unit."""
    rule = Range(
        sentence=f"From {least} to {most}.",
        constraint={"min": least, "max": most},
        least=least,
        most=most,
        message=message or f"This is {least} to {most}.",
    )
    return _declared(About(description=description, rules=(rule,)), default)


def version(description: str = "The version you read.") -> Any:
    """The version of a row that the caller has seen; an update in between is a problem."""
    return _declared(About(description=description), MISSING)


def money(description: str, *, least: int = 1, default: Any = MISSING) -> Any:
    """An amount, in yuan outside and in fen inside; `least` in fen."""
    most = LARGEST_FEN // 100
    rule = Range(
        sentence=f"{'More than' if least else 'At least'} 0.00 and at most {most}.",
        least=least,
        most=LARGEST_FEN,
        message=(
            f"An amount is {'more than' if least else 'at least'} 0.00 and at most {most} yuan."
        ),
        shown=_in_yuan,
    )
    return _declared(About(description=description, is_money=True, rules=(rule,)), default)


def _in_yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


def day(description: str, *, past: bool = False, default: Any = MISSING) -> Any:
    """A day; what is recorded as `past` has happened: it is not after the business day."""
    rule = Day(
        sentence="Not after today." if past else "",
        constraint={"format": "past"} if past else {},
        is_past=past,
    )
    return _declared(About(description=description, rules=(rule,)), default)


def flag(description: str, *, default: Any = MISSING) -> Any:
    """Yes or no."""
    return _declared(About(description=description), default)


def word(description: str, *, default: Any = MISSING) -> Any:
    """One of a closed set: the field is annotated with its `Words`."""
    return _declared(About(description=description), default)


def part(description: str, *, default: Any = MISSING) -> Any:
    """Another draft inside of this one: the field is annotated with it."""
    return _declared(About(description=description), default)


def id_of(entity: str, description: str, *, default: Any = MISSING) -> Any:
    """The id of a row of `entity`.

    Annotated `UUID` it must be the caller's own tenant's, `NodeId` when a member of the bureau may
    name another's.
    """
    return _declared(About(description=description, entity=entity), default)


def ids_of(
    entity: str,
    description: str,
    *,
    least: int = 0,
    most: int = LONGEST_LIST,
    default: Any = MISSING,
) -> Any:
    """The ids of `least` to `most` different rows of `entity`; annotated `tuple[UUID, ...]`."""
    listed = _listing(least, most, is_distinct=True)
    return _declared(About(description=description, entity=entity, listed=listed), default)


def list_of(
    description: str,
    *,
    least: int = 0,
    most: int = LONGEST_LIST,
    distinct: bool = False,
    default: Any = MISSING,
) -> Any:
    """A list of other drafts or of words, each once where they are `distinct`.

    Annotated `tuple[X, ...]`.
    """
    listed = _listing(least, most, is_distinct=distinct)
    return _declared(About(description=description, listed=listed), default)


def _listing(least: int, most: int, *, is_distinct: bool) -> Listed:
    sentence = f"At least {least} and at most {most}." if least else f"At most {most}."
    return Listed(
        sentence=sentence,
        constraint={"minItems": least, "maxItems": most},
        least=least,
        most=most,
        is_distinct=is_distinct,
    )


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    field_specifiers=(
        line, paragraph, formed, phone, whole, version, money, day, flag, word, part, id_of,
        ids_of,
        list_of,
    ),
)  # fmt: skip
def draft(cls: type[D]) -> type[D]:
    """Declare a class as what a use case takes; its docstring describes it."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)


@dataclass(frozen=True, slots=True)
class InputField:
    """One field of an input: its name, its type without wrappers, whether it may be left out."""

    name: str
    about: About
    kind: Any
    is_list: bool
    is_nullable: bool
    default: Any

    @property
    def is_optional(self) -> bool:
        """Whether a caller may leave it out or send null."""
        return self.is_nullable or self.default is not MISSING

    @property
    def nested(self) -> type | None:
        """The draft inside the draft."""
        # An address is a dataclass as well, but callers send it as an id.
        is_id = self.about.entity is not None
        is_nested = isinstance(self.kind, type) and dataclasses.is_dataclass(self.kind)
        return self.kind if is_nested and not is_id else None

    @property
    def words(self) -> type[Enum] | None:
        """The closed set that its value is of."""
        is_words = isinstance(self.kind, type) and issubclass(self.kind, Enum)
        return self.kind if is_words else None


def is_versioned(takes: object) -> bool:
    """Whether a draft says which version of a row its author has seen: `version`, `x_version`."""
    declared = dataclasses.fields(cast(Any, takes))
    return any(each.name.rpartition("_")[2] == "version" for each in declared)


@cache
def input_fields(takes: Hashable) -> tuple[InputField, ...]:
    """The fields of a draft, in order."""
    declared = cast(Any, takes)
    hints = get_type_hints(declared)
    return tuple(_field(each, hints[each.name]) for each in dataclasses.fields(declared))


def _field(declared: dataclasses.Field[Any], hint: Any) -> InputField:
    assert "about" in declared.metadata, f"{declared.name} says nothing about itself"
    options = set(get_args(hint)) if get_origin(hint) in (Union, types.UnionType) else {hint}
    is_nullable = type(None) in options
    [kind] = options - {type(None), Unset}
    is_list = get_origin(kind) is tuple
    if is_list:
        kind = get_args(kind)[0]
    about = declared.metadata["about"]
    return InputField(declared.name, about, kind, is_list, is_nullable, declared.default)


def faults_of(given: Any, *, today: date, path: Path = ()) -> Iterator[Fault]:
    """Every rule of its fields that a draft breaks, the drafts inside it included."""
    for each in input_fields(cast(Hashable, type(given))):
        value = getattr(given, each.name)
        here = (*path, each.name)
        if value is None and not each.is_nullable:
            yield Fault(here, "This cannot be cleared.", "REQUIRED")
        if value is None or value is UNSET:
            continue
        if each.about.listed is not None:
            yield from each.about.listed.faults(here, value, today=today)
        values = (
            [((*here, at), item) for at, item in enumerate(value)]
            if each.is_list
            else [(here, value)]
        )
        for at, item in values:
            for rule in each.about.rules:
                yield from rule.faults(at, item, today=today)
            if each.nested is not None:
                yield from faults_of(item, today=today, path=at)


def check(given: Any, *, today: date) -> None:
    """Refuse a draft that breaks rules of its fields; see `faults_of`."""
    refuse(faults_of(given, today=today))
