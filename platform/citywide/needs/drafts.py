"""What is asked for at each step of a need, and the rules that the input obeys by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from citywide.errors import Fault
from citywide.graph.mutate import asked
from citywide.ids import NodeId
from citywide.needs.course import Channel
from citywide.rules.legacy import choice_faults, optional_text_faults, past_faults
from citywide.rules.periods import period_faults
from citywide.rules.texts import NAME_LENGTH, NOTE_LENGTH, NUMBER_LENGTH, TITLE_LENGTH, text_faults

# What one person asks fits on half a printed page; several questions are several needs.
QUESTION_LENGTH = 1_000
# Three printed pages in the large type that the readers need.
ANSWER_LENGTH = 1_500
# The longest articles of a law have some hundreds of characters.
CLAUSE_LENGTH = 2_000
CLAUSE_LABEL_LENGTH = 40
# A law has some dozens of articles.
MOST_CLAUSES = 200
SATISFACTIONS = range(1, 6)

_DAY = "The day it happened; today when left out. Not before the step that came before it."
_VERSION = "The version you read."
_MINE = "The need."
_CITYS = "The need, of any agency of the city."


@dataclass(frozen=True, slots=True)
class RaiseNeed:
    """A question that a person puts."""

    beneficiary_id: Annotated[UUID, asked("Who asks.", of="Beneficiary")]
    kind_id: Annotated[UUID, asked("What it is about.", of="NeedKind")]
    question: Annotated[str, asked("The question, in the person's words.")]
    channel: Annotated[str, asked("How it was put.", enum="NeedChannel")]
    raised_on: Annotated[
        date | None, asked("The day it was put; left out: that of the service, or today.")
    ] = None
    service_record_id: Annotated[
        UUID | None, asked("The service at which it was put.", of="ServiceRecord")
    ] = None
    follows_id: Annotated[
        UUID | None, asked("The need whose answer led to this question.", of="Need")
    ] = None


@dataclass(frozen=True, slots=True)
class ReferNeed:
    """Which department shall answer, and in which words it is asked."""

    need_id: Annotated[UUID, asked(_MINE, of="Need")]
    version: Annotated[int, asked(_VERSION)]
    department_id: Annotated[
        UUID | None,
        asked("Who shall answer; left out: who answers this kind.", of="Department"),
    ] = None
    question: Annotated[
        str | None,
        asked(
            "The question as the department shall read it. Left out: as it was put. In either case"
            " the person's name, address and long numbers are taken out."
        ),
    ] = None
    day: Annotated[date | None, asked(_DAY)] = None


@dataclass(frozen=True, slots=True)
class ReturnNeed:
    """What a department must know before it can answer."""

    need_id: Annotated[NodeId, asked(_CITYS, of="Need")]
    version: Annotated[int, asked(_VERSION)]
    clarification: Annotated[str, asked("What is to be made clear.")]
    day: Annotated[date | None, asked(_DAY)] = None


@dataclass(frozen=True, slots=True)
class AnswerNeed:
    """The answer, and the clause that it rests on."""

    need_id: Annotated[NodeId, asked(_CITYS, of="Need")]
    version: Annotated[int, asked(_VERSION)]
    answer: Annotated[str, asked("The answer, in plain words; it is printed in large type.")]
    clause_id: Annotated[UUID, asked("What it rests on; in force that day.", of="PolicyClause")]
    day: Annotated[date | None, asked(_DAY)] = None


@dataclass(frozen=True, slots=True)
class PrintAnswer:
    """The answer is on paper."""

    need_id: Annotated[UUID, asked(_MINE, of="Need")]
    version: Annotated[int, asked(_VERSION)]
    day: Annotated[date | None, asked(_DAY)] = None


@dataclass(frozen=True, slots=True)
class DeliverAnswer:
    """The paper is in the person's hands, read to them where they wish it."""

    need_id: Annotated[UUID, asked(_MINE, of="Need")]
    version: Annotated[int, asked(_VERSION)]
    day: Annotated[date | None, asked(_DAY)] = None
    service_record_id: Annotated[
        UUID | None, asked("The visit at which it was delivered.", of="ServiceRecord")
    ] = None


@dataclass(frozen=True, slots=True)
class RateNeed:
    """How satisfied the person is."""

    need_id: Annotated[UUID, asked(_MINE, of="Need")]
    version: Annotated[int, asked(_VERSION)]
    satisfaction: Annotated[int, asked("From 1 (not at all) to 5 (entirely), as they say it.")]
    remark: Annotated[str | None, asked("What they said to it.")] = None
    day: Annotated[date | None, asked(_DAY)] = None


@dataclass(frozen=True, slots=True)
class CloseNeed:
    """Nothing more is to be done."""

    need_id: Annotated[UUID, asked(_MINE, of="Need")]
    version: Annotated[int, asked(_VERSION)]
    note: Annotated[str | None, asked("How it ended; without a rating: why there is none.")] = None
    day: Annotated[date | None, asked(_DAY)] = None


@dataclass(frozen=True, slots=True)
class WithdrawNeed:
    """The person no longer asks."""

    need_id: Annotated[UUID, asked(_MINE, of="Need")]
    version: Annotated[int, asked(_VERSION)]
    reason: Annotated[str, asked("Why.")]
    day: Annotated[date | None, asked(_DAY)] = None


@dataclass(frozen=True, slots=True)
class PolicyClause:
    """A part of a policy document that an answer can rest on."""

    label: Annotated[str, asked("How it is cited: 第十二条.")]
    text: Annotated[str, asked("What it says.")]


@dataclass(frozen=True, slots=True)
class PublishPolicyDocument:
    """A policy document as it is in force from a day on."""

    number: Annotated[str, asked("The issuing body's number of the document.")]
    title: Annotated[str, asked("Its title.")]
    issuing_body: Annotated[str, asked("Who issued it.")]
    valid_from: Annotated[date, asked("First day.")]
    clauses: Annotated[tuple[PolicyClause, ...], asked("Its clauses, in order.")]
    valid_until: Annotated[
        date | None, asked("First day on which it no longer holds; null while open.")
    ] = None
    replaces_id: Annotated[
        UUID | None,
        asked("The document that ends where this one begins.", of="PolicyDocument"),
    ] = None


def raise_faults(draft: RaiseNeed) -> Iterator[Fault]:
    """What a raised need says by itself."""
    yield from text_faults(("question",), draft.question, longest=QUESTION_LENGTH, lines=True)
    yield from choice_faults(("channel",), draft.channel, [*Channel])


def refer_faults(draft: ReferNeed, *, is_returned: bool) -> Iterator[Fault]:
    """A returned question is put in other words."""
    yield from optional_text_faults(
        ("question",), draft.question, longest=QUESTION_LENGTH, lines=True
    )
    if is_returned and draft.question is None:
        message = "The department asked for clarity: put the question in words that give it."
        yield Fault(("question",), message)


def answer_faults(draft: AnswerNeed) -> Iterator[Fault]:
    """What an answer says by itself."""
    yield from text_faults(("answer",), draft.answer, longest=ANSWER_LENGTH, lines=True)


def rate_faults(draft: RateNeed) -> Iterator[Fault]:
    """Five grades of satisfaction."""
    if draft.satisfaction not in SATISFACTIONS:
        message = f"Satisfaction is {SATISFACTIONS[0]} to {SATISFACTIONS[-1]}."
        yield Fault(("satisfaction",), message)
    yield from note_faults("remark", draft.remark)


def close_faults(draft: CloseNeed, *, is_rated: bool) -> Iterator[Fault]:
    """Whoever closes without a rating says why."""
    yield from note_faults("note", draft.note)
    if not is_rated and draft.note is None:
        yield Fault(("note",), "There is no rating: say why, or rate it first.")


def note_faults(field: str, text: str | None, *, is_needed: bool = False) -> Iterator[Fault]:
    """What a person may add in words, or must."""
    if is_needed or text is not None:
        yield from text_faults((field,), text or "", longest=NOTE_LENGTH, lines=True)


def day_faults(day: date, *, today: date, field: str = "day") -> Iterator[Fault]:
    """What is recorded has happened."""
    yield from past_faults((field,), day, today=today)


def publish_faults(draft: PublishPolicyDocument) -> Iterator[Fault]:
    """A document has a number, a title, an issuer, days, and clauses with a label each."""
    yield from text_faults(("number",), draft.number, longest=NUMBER_LENGTH)
    yield from text_faults(("title",), draft.title, longest=TITLE_LENGTH)
    yield from text_faults(("issuing_body",), draft.issuing_body, longest=NAME_LENGTH)
    yield from period_faults((), draft.valid_from, draft.valid_until)
    if not 0 < len(draft.clauses) <= MOST_CLAUSES:
        yield Fault(("clauses",), f"A document has 1 to {MOST_CLAUSES} clauses.")
    seen = set()
    for place, clause in enumerate(draft.clauses):
        here = ("clauses", place)
        yield from text_faults((*here, "label"), clause.label, longest=CLAUSE_LABEL_LENGTH)
        yield from text_faults((*here, "text"), clause.text, longest=CLAUSE_LENGTH, lines=True)
        if clause.label in seen:
            yield Fault((*here, "label"), "Another clause of the document has this label.")
        seen.add(clause.label)
