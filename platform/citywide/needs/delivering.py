"""Use cases that bring an answer back to the person, and end a need."""

from __future__ import annotations

from uuid import UUID

from citywide.acts.act import Act
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.needs.course import NeedCourse
from citywide.needs.models import NEED
from citywide.needs.steps import AgencyStep, day_of_service, take_step
from citywide.needs.words import NeedStatus
from citywide.rules.fields import draft, id_of, paragraph, whole

LEAST_SATISFACTION, MOST_SATISFACTION = 1, 5


@draft
class Printing(AgencyStep):
    """The answer is on paper."""


@mutation(gives="Need")
async def print_answer(act: Act, draft: Printing) -> UUID:
    """Record that an answer was printed; the page itself is at /needs/<id>/answer.pdf."""
    need = await act.find(NEED, draft.need_id, "need_id")
    printed_on = draft.day or act.today
    return await take_step(act, NeedCourse.print, need, draft, printed_on=printed_on)


@draft
class Delivery(AgencyStep):
    """The paper is in the person's hands, read to them where they wish it."""

    service_record_id: UUID | None = id_of(
        "ServiceRecord", "The visit at which it was delivered.", default=None
    )


@mutation(gives="Need")
async def deliver_answer(act: Act, draft: Delivery) -> UUID:
    """Record that the printed answer was brought to the person."""
    need = await act.find(NEED, draft.need_id, "need_id")
    record_id, person_id = draft.service_record_id, need["beneficiary_id"]
    visited_on = await day_of_service(act, record_id, person_id, draft.day, "day")
    delivered_on = visited_on or act.today
    return await take_step(
        act,
        NeedCourse.deliver,
        need,
        draft,
        on=delivered_on,
        delivered_on=delivered_on,
        delivery_record_id=record_id,
    )


@draft
class Rating(AgencyStep):
    """How satisfied the person is."""

    satisfaction: int = whole(
        "From 1 (not at all) to 5 (entirely), as they say it.",
        least=LEAST_SATISFACTION,
        most=MOST_SATISFACTION,
    )
    remark: str | None = paragraph("What they said to it.", default=None)


@mutation(gives="Need")
async def rate_need(act: Act, draft: Rating) -> UUID:
    """Record how satisfied the person is with the answer and the way to it."""
    need = await act.find(NEED, draft.need_id, "need_id")
    return await take_step(
        act,
        NeedCourse.rate,
        need,
        draft,
        satisfaction=draft.satisfaction,
        remark=draft.remark,
    )


@draft
class Closing(AgencyStep):
    """Nothing more is to be done."""

    note: str | None = paragraph("How it ended; without a rating: why there is none.", default=None)


@mutation(gives="Need")
async def close_need(act: Act, draft: Closing) -> UUID:
    """Close a need whose answer was delivered."""
    need = await act.find(NEED, draft.need_id, "need_id")
    if need["status"] == NeedStatus.DELIVERED and draft.note is None:
        message = "There is no rating: say why, or rate it first."
        refuse([Fault(("note",), message, "REQUIRED")])
    return await take_step(act, NeedCourse.close, need, draft, note=draft.note)


@draft
class Withdrawal(AgencyStep):
    """The person no longer asks."""

    reason: str = paragraph("Why.")


@mutation(gives="Need")
async def withdraw_need(act: Act, draft: Withdrawal) -> UUID:
    """Withdraw a need whose answer was not delivered yet."""
    need = await act.find(NEED, draft.need_id, "need_id")
    return await take_step(act, NeedCourse.withdraw, need, draft, note=draft.reason)
