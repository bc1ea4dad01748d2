"""What is asked for in supervision and learning, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from citywide.graph.mutate import asked
from citywide.ids import NodeId

_VERSION = asked("The version that you read.")


@dataclass(frozen=True, slots=True)
class AdviceDraft:
    """Advice to give."""

    advice: Annotated[str, asked("What the agency should do.")]
    due_on: Annotated[date, asked("By when it should answer.")]


@dataclass(frozen=True, slots=True)
class SupervisionDraft:
    """A session on a project's plan or on a case; exactly one of the two."""

    held_on: Annotated[date, asked("The day of the session.")]
    duration_minutes: Annotated[int, asked("How long it took, in minutes.")]
    observations: Annotated[str, asked("What the supervisor noticed.")]
    participant_ids: Annotated[
        tuple[NodeId, ...], asked("Who of the agency took part.", of="Member")
    ]
    advice: Annotated[tuple[AdviceDraft, ...], asked("What follows from it.")] = ()
    project_id: Annotated[NodeId | None, asked("The project.", of="Project")] = None
    case_id: Annotated[NodeId | None, asked("The case; its worker takes part.", of="Case")] = None


@dataclass(frozen=True, slots=True)
class AnswerDraft:
    """An answer to advice."""

    advice_id: Annotated[UUID, asked("The advice.", of="Advice")]
    version: Annotated[int, _VERSION]
    answer: Annotated[str, asked("What is done about it, or why it is not.")]


@dataclass(frozen=True, slots=True)
class SalonDraft:
    """A salon to plan."""

    topic: Annotated[str, asked("What it is about; names nobody who is served.")]
    held_on: Annotated[date, asked("The day.")]
    host_id: Annotated[
        UUID | None, asked("Who hosts; left out: whose turn it is.", of="Member")
    ] = None
    host_reason: Annotated[str | None, asked("Why somebody else than the next in turn hosts.")] = (
        None
    )


@dataclass(frozen=True, slots=True)
class HeldDraft:
    """A salon that was held."""

    salon_id: Annotated[UUID, asked("The salon.", of="Salon")]
    version: Annotated[int, _VERSION]
    summary: Annotated[str, asked("What was learned; names nobody who is served.")]
    attendee_ids: Annotated[tuple[UUID, ...], asked("Who came; the host did.", of="Member")]


@dataclass(frozen=True, slots=True)
class CancelDraft:
    """A salon that is not held."""

    salon_id: Annotated[UUID, asked("The salon.", of="Salon")]
    version: Annotated[int, _VERSION]
    reason: Annotated[str, asked("Why.")]


@dataclass(frozen=True, slots=True)
class LibraryTextDraft:
    """A text for the library."""

    title: Annotated[str, asked("Its title; names nobody.")]
    topic: Annotated[str, asked("What it teaches about, in a word or two.")]
    text: Annotated[str, asked("The case as others may learn from it; names nobody.")]


@dataclass(frozen=True, slots=True)
class RevisionDraft:
    """A new wording of a text for the library."""

    draft_id: Annotated[UUID, asked("The text.", of="LibraryDraft")]
    version: Annotated[int, _VERSION]
    title: Annotated[str, asked("Its title; names nobody.")]
    topic: Annotated[str, asked("What it teaches about, in a word or two.")]
    text: Annotated[str, asked("The case as others may learn from it; names nobody.")]


@dataclass(frozen=True, slots=True)
class SubmissionDraft:
    """A text to hand in for review."""

    draft_id: Annotated[UUID, asked("The text.", of="LibraryDraft")]
    version: Annotated[int, _VERSION]


@dataclass(frozen=True, slots=True)
class ReviewDraft:
    """A review of a text."""

    draft_id: Annotated[NodeId, asked("The text.", of="LibraryDraft")]
    version: Annotated[int, _VERSION]
    note: Annotated[str, asked("What the reviewer says about it.")]


@dataclass(frozen=True, slots=True)
class PublicationDraft:
    """A reviewed text to put on every shelf of the city."""

    entry_id: Annotated[NodeId, asked("The entry.", of="LibraryEntry")]


@dataclass(frozen=True, slots=True)
class WithdrawalDraft:
    """An entry to take off the shelves."""

    entry_id: Annotated[NodeId, asked("The entry.", of="LibraryEntry")]
    reason: Annotated[str, asked("Why.")]
