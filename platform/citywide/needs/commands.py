"""Use cases on needs: raise one, and take it one step further."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from asyncpg import Record

from citywide.acts.act import Act
from citywide.acts.legacy import NO_BENEFICIARY, insert_rows, rows_with
from citywide.acts.problems import wrong_state
from citywide.beneficiaries.models import BENEFICIARY
from citywide.errors import Fault, InvalidError, refuse
from citywide.ids import new_id
from citywide.needs.course import (
    ENDED,
    REACHED,
    Action,
    DayError,
    Status,
    Stay,
    StepError,
    begun,
    due_date,
    moved,
)
from citywide.needs.drafts import AnswerNeed, RaiseNeed, ReferNeed, day_faults
from citywide.needs.models import (
    DEPARTMENT,
    NEED,
    NEED_KIND,
    NEED_STEP,
    POLICY_CLAUSE,
    POLICY_DOCUMENT,
)
from citywide.needs.wording import deidentified
from citywide.rules.periods import Span
from citywide.services.models import ATTENDANCE, SERVICE_RECORD

NO_NEED = "There is no Need with this id."
CHANGED = "needChanged"


async def raise_need(act: Act, draft: RaiseNeed) -> UUID:
    """A question is put: the first step of a need; its id.

    Raises `InvalidError` for a person or a service that is not the agency's, or a day on which the
    person's file was not open.
    """
    person = await act.find(BENEFICIARY, draft.beneficiary_id, "beneficiary_id", NO_BENEFICIARY)
    act.check_worker(person["worker_id"], "beneficiaryId")
    kind = await act.find(NEED_KIND, draft.kind_id, "kind_id", "There is no such kind of need.")
    day = await _day_of(act, draft.raised_on, draft.service_record_id, person["id"], "raised_on")
    faults = [*day_faults(day, today=act.desk.today, field="raised_on")]
    if not Span(person["opened_on"], person["closed_on"]).covers(day):
        faults.append(Fault(("raised_on",), f"The person's file is not open on {day}."))
    if not Span(kind["valid_from"], kind["valid_until"]).covers(day):
        faults.append(Fault(("kind_id",), f"This kind of need is not in use on {day}."))
    if draft.follows_id is not None:
        faults += await _following_faults(act, draft.follows_id, person["id"], day)
    refuse(faults)
    need_id = new_id()
    row = act.desk.owned(
        id=need_id,
        beneficiary_id=person["id"],
        kind_id=kind["id"],
        status=Status.RAISED.value,
        status_since=day,
        channel=draft.channel,
        question=draft.question,
        raised_on=day,
        service_record_id=draft.service_record_id,
        follows_id=draft.follows_id,
    )
    await insert_rows(act.transaction, table=NEED, rows=[row])
    await _enter(act, need_id, 1, begun(day)[0], None)
    _tell(act, need_id, person["id"])
    return need_id


async def own_need(act: Act, need_id: UUID) -> tuple[Record, Record]:
    """A need of the desk's agency and the person who asks; refuses one outside the caseload."""
    need = await act.find(NEED, need_id, "need_id", NO_NEED)
    person = await act.find(BENEFICIARY, need["beneficiary_id"], "need_id", NO_NEED)
    act.check_worker(person["worker_id"], "needId")
    return need, person


async def take_step(
    act: Act,
    need: Record,
    action: Action,
    *,
    day: date | None,
    version: int,
    values: Mapping[str, Any] | None = None,
    note: str | None = None,
) -> UUID:
    """Move a need one step on its course; its id.

    Raises a `StateProblem` for a step that the course does not have, `StaleVersionProblem` when
    the need was changed meanwhile.
    """
    happened = day or act.desk.today
    steps = await rows_with(
        act.transaction, desk=act.desk, column=NEED_STEP.c.need_id, values=[need["id"]]
    )
    steps.sort(key=lambda step: step["position"])
    stays = [Stay(Status(row["status"]), row["entered_on"], row["left_on"]) for row in steps]
    try:
        *_, left, entered = moved(stays, action, happened)
    except DayError as error:
        raise wrong_state(str(error), "day") from error
    except StepError as error:
        raise wrong_state(str(error)) from error
    refuse(day_faults(happened, today=act.desk.today))
    changed = {
        **(values or {}),
        "status": entered.status.value,
        "status_since": happened,
        **({"ended_on": happened} if entered.status in ENDED else {}),
    }
    await act.update(NEED, need, changed, version=version)
    await act.update(NEED_STEP, steps[-1], {"left_on": left.left_on})
    await _enter(act, need["id"], steps[-1]["position"] + 1, entered, note)
    _tell(act, need["id"], need["beneficiary_id"])
    return need["id"]  # type: ignore[no-any-return]


async def referral(act: Act, need: Record, person: Record, draft: ReferNeed) -> dict[str, Any]:
    """What a referral writes: to whom, in which words, answered by when."""
    day = draft.day or act.desk.today
    kind = await act.find(NEED_KIND, need["kind_id"], "need_id", NO_NEED)
    department_id = draft.department_id or kind["department_id"]
    department = await act.find(
        DEPARTMENT, department_id, "department_id", "There is no such department."
    )
    if not Span(department["valid_from"], department["valid_until"]).covers(day):
        message = f"This department answers nothing on {day}."
        raise InvalidError([Fault(("department_id",), message)])
    question = draft.question or need["question"]
    return {
        "department_id": department["id"],
        "referred_question": deidentified(question, name=person["name"], address=person["address"]),
        "referred_on": day,
        "due_on": due_date(day, kind["days_to_answer"]),
    }


async def answering(act: Act, draft: AnswerNeed) -> dict[str, Any]:
    """What an answer writes; it rests on a clause that is in force on its day."""
    day = draft.day or act.desk.today
    clause = await act.find(POLICY_CLAUSE, draft.clause_id, "clause_id", "There is no such clause.")
    document = await act.find(
        POLICY_DOCUMENT, clause["document_id"], "clause_id", "There is no such clause."
    )
    if not Span(document["valid_from"], document["valid_until"]).covers(day):
        message = f"The document of this clause is not in force on {day}: cite one that is."
        raise InvalidError([Fault(("clause_id",), message)])
    return {"answer": draft.answer, "clause_id": clause["id"], "answered_on": day}


async def delivery_day(
    act: Act, need: Record, day: date | None, service_record_id: UUID | None
) -> date:
    """The day of a delivery: that of the visit, where one is on record."""
    return await _day_of(act, day, service_record_id, need["beneficiary_id"], "day")


async def _day_of(
    act: Act, day: date | None, service_record_id: UUID | None, person_id: UUID, field: str
) -> date:
    """The day that is said, the day of the service, or today; the first two must agree."""
    if service_record_id is None:
        return day or act.desk.today
    place, message = "service_record_id", "This agency has no such service on record."
    record = await act.find(SERVICE_RECORD, service_record_id, place, message)
    if record["status"] != "CURRENT":
        raise InvalidError([Fault((place,), message)])
    attended = await rows_with(
        act.transaction,
        desk=act.desk,
        column=ATTENDANCE.c.service_record_id,
        values=[service_record_id],
    )
    if person_id not in {row["beneficiary_id"] for row in attended}:
        raise InvalidError([Fault((place,), "The person was not served at this service.")])
    served_on: date = record["served_on"]
    if day not in (None, served_on):
        raise InvalidError([Fault((field,), f"The service took place on {served_on}.")])
    return served_on


async def _following_faults(act: Act, follows_id: UUID, person_id: UUID, day: date) -> list[Fault]:
    """One asks on after an answer of one's own."""
    earlier = await act.find(NEED, follows_id, "follows_id", NO_NEED)
    if earlier["beneficiary_id"] != person_id:
        return [Fault(("follows_id",), "That need is another person's.")]
    if Status(earlier["status"]) not in REACHED:
        stands = f"That need is {earlier['status'].lower()}"
        raise wrong_state(
            f"{stands}: a next question can follow when its answer was delivered.", "followsId"
        )
    if day < earlier["delivered_on"]:
        delivered = earlier["delivered_on"]
        return [Fault(("raised_on",), f"The answer before it was delivered on {delivered}.")]
    return []


async def _enter(act: Act, need_id: UUID, position: int, stay: Stay, note: str | None) -> None:
    row = act.desk.owned(
        id=new_id(),
        need_id=need_id,
        position=position,
        status=stay.status.value,
        entered_on=stay.entered_on,
        note=note,
    )
    await insert_rows(act.transaction, table=NEED_STEP, rows=[row])


def _tell(act: Act, need_id: UUID, person_id: UUID) -> None:
    act.persons.add(person_id)
    act.tell(CHANGED, need_id)
