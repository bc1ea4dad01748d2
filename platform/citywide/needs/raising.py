"""The use case that puts a person's question on record."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from citywide.acts.act import Act
from citywide.beneficiaries.files import find_file, open_faults
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.needs.course import NeedCourse
from citywide.needs.models import NEED, NEED_KIND, NEED_STEP
from citywide.needs.steps import NEED_CHANGED, day_of_service
from citywide.needs.words import NeedChannel, NeedStatus
from citywide.rules.fields import day, draft, id_of, paragraph, word
from citywide.rules.periods import Span

# What one person asks fits on half a printed page; several questions are several needs.
QUESTION_LENGTH = 1_000


@draft
class NeedDraft:
    """A question that a person puts."""

    beneficiary_id: UUID = id_of("Beneficiary", "Who asks.")
    kind_id: UUID = id_of("NeedKind", "What it is about.")
    question: str = paragraph("The question, in the person's words.", QUESTION_LENGTH)
    channel: NeedChannel = word("How it was put.")
    raised_on: date | None = day(
        "The day it was put; left out: that of the service, or today.", past=True, default=None
    )
    service_record_id: UUID | None = id_of(
        "ServiceRecord", "The service at which it was put.", default=None
    )
    follows_id: UUID | None = id_of(
        "Need", "The need whose answer led to this question.", default=None
    )


@mutation(gives="Need")
async def raise_need(act: Act, draft: NeedDraft) -> UUID:
    """Put a person's question on record; after a delivered answer as the next question to it."""
    person = await find_file(act, draft.beneficiary_id)
    kind = await act.find(NEED_KIND, draft.kind_id, "kind_id")
    asked_on = await day_of_service(
        act, draft.service_record_id, person["id"], draft.raised_on, "raised_on"
    )
    raised_on = asked_on or act.today
    faults = list(open_faults(person, raised_on, "raised_on"))
    if not Span.of(kind).covers(raised_on):
        faults.append(Fault(("kind_id",), f"This kind of need is not in use on {raised_on}."))
    if draft.follows_id is not None:
        faults += await _following_faults(act, draft.follows_id, person["id"], raised_on)
    refuse(faults)
    stands = {"status": NeedStatus.RAISED}
    need_id = await act.insert(NEED, draft, **stands, status_since=raised_on, raised_on=raised_on)
    await act.insert(NEED_STEP, **stands, need_id=need_id, position=1, entered_on=raised_on)
    act.announce(NEED_CHANGED, need_id)
    return need_id


async def _following_faults(
    act: Act, follows_id: UUID, person_id: UUID, raised_on: date
) -> list[Fault]:
    """One asks on after an answer of one's own."""
    earlier = await act.find(NEED, follows_id, "follows_id", anybodys=True)
    if earlier["beneficiary_id"] != person_id:
        return [Fault(("follows_id",), "That need is another person's.")]
    act.check(NeedCourse.follow_up, earlier, "follows_id")
    delivered_on = earlier["delivered_on"]
    if delivered_on is not None and raised_on < delivered_on:
        message = f"The answer before it was delivered on {delivered_on}."
        return [Fault(("raised_on",), message)]
    return []
