"""Use cases on needs and policy documents, as mutations.

An agency's worker takes the steps that happen at the person's side, an officer of the bureau those
of the department, writing in the tenant of the agency that the need belongs to.
"""

from __future__ import annotations

from uuid import UUID

from asyncpg import Record

from citywide.acts.act import Act
from citywide.errors import refuse
from citywide.graph.mutate import mutation
from citywide.ids import NodeId
from citywide.needs import commands
from citywide.needs.course import Action, Status
from citywide.needs.drafts import (
    AnswerNeed,
    CloseNeed,
    DeliverAnswer,
    PrintAnswer,
    PublishPolicyDocument,
    RaiseNeed,
    RateNeed,
    ReferNeed,
    ReturnNeed,
    WithdrawNeed,
    answer_faults,
    close_faults,
    note_faults,
    raise_faults,
    rate_faults,
    refer_faults,
)
from citywide.needs.models import NEED
from citywide.needs.policies import publish


@mutation(gives="Need")
async def raise_need(act: Act, draft: RaiseNeed) -> UUID:
    """Put a person's question on record; after a delivered answer as the next question to it."""
    refuse(raise_faults(draft))
    return await commands.raise_need(act, draft)


@mutation(gives="Need")
async def refer_need(act: Act, draft: ReferNeed) -> UUID:
    """Refer a need to the department that answers its kind, to be answered by a due date."""
    need, person = await commands.own_need(act, draft.need_id)
    refuse(refer_faults(draft, is_returned=need["status"] == Status.RETURNED))
    values = await commands.referral(act, need, person, draft)
    return await commands.take_step(
        act, need, Action.REFER, day=draft.day, version=draft.version, values=values
    )


@mutation(gives="Need")
async def return_need(act: Act, draft: ReturnNeed) -> UUID:
    """Return a referred need to its agency, which shall make something clear."""
    need = await _citys_need(act, draft.need_id)
    refuse(note_faults("clarification", draft.clarification, is_needed=True))
    values = {"clarification": draft.clarification}
    return await commands.take_step(
        act, need, Action.RETURN, day=draft.day, version=draft.version, values=values
    )


@mutation(gives="Need")
async def answer_need(act: Act, draft: AnswerNeed) -> UUID:
    """Answer a referred need, with the clause of the policy document that the answer rests on."""
    need = await _citys_need(act, draft.need_id)
    refuse(answer_faults(draft))
    values = await commands.answering(act, draft)
    return await commands.take_step(
        act, need, Action.ANSWER, day=draft.day, version=draft.version, values=values
    )


@mutation(gives="Need")
async def print_answer(act: Act, draft: PrintAnswer) -> UUID:
    """Record that an answer was printed; the page itself is at /needs/<id>/answer.pdf."""
    need, _ = await commands.own_need(act, draft.need_id)
    values = {"printed_on": draft.day or act.desk.today}
    return await commands.take_step(
        act, need, Action.PRINT, day=draft.day, version=draft.version, values=values
    )


@mutation(gives="Need")
async def deliver_answer(act: Act, draft: DeliverAnswer) -> UUID:
    """Record that the printed answer was brought to the person."""
    need, _ = await commands.own_need(act, draft.need_id)
    day = await commands.delivery_day(act, need, draft.day, draft.service_record_id)
    values = {"delivered_on": day, "delivery_record_id": draft.service_record_id}
    return await commands.take_step(
        act, need, Action.DELIVER, day=day, version=draft.version, values=values
    )


@mutation(gives="Need")
async def rate_need(act: Act, draft: RateNeed) -> UUID:
    """Record how satisfied the person is with the answer and the way to it."""
    need, _ = await commands.own_need(act, draft.need_id)
    refuse(rate_faults(draft))
    values = {"satisfaction": draft.satisfaction, "remark": draft.remark}
    return await commands.take_step(
        act, need, Action.RATE, day=draft.day, version=draft.version, values=values
    )


@mutation(gives="Need")
async def close_need(act: Act, draft: CloseNeed) -> UUID:
    """Close a need whose answer was delivered."""
    need, _ = await commands.own_need(act, draft.need_id)
    # What the course does not allow is said first: a rating that is missing then says nothing.
    is_rated = need["status"] != Status.DELIVERED
    refuse(close_faults(draft, is_rated=is_rated))
    return await commands.take_step(
        act, need, Action.CLOSE, day=draft.day, version=draft.version, note=draft.note
    )


@mutation(gives="Need")
async def withdraw_need(act: Act, draft: WithdrawNeed) -> UUID:
    """Withdraw a need whose answer was not delivered yet."""
    need, _ = await commands.own_need(act, draft.need_id)
    refuse(note_faults("reason", draft.reason, is_needed=True))
    return await commands.take_step(
        act, need, Action.WITHDRAW, day=draft.day, version=draft.version, note=draft.reason
    )


@mutation(gives="PolicyDocument")
async def publish_policy_document(act: Act, draft: PublishPolicyDocument) -> UUID:
    """Publish a policy document with its clauses for the whole city, as of its first day."""
    return await publish(act, draft)


async def _citys_need(act: Act, node: NodeId) -> Record:
    """A need of any agency of the bureau's city; the act writes there from now on."""
    act.move_to(node.tenant_id)
    return await act.find(NEED, node.row_id, "need_id", commands.NO_NEED)
