"""A step of a need: taken on a day, kept in the need's history, told to whoever follows it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.problems import wrong_state
from citywide.errors import Fault, InvalidError
from citywide.ids import NodeId
from citywide.needs.course import ENDED, NeedCourse
from citywide.needs.models import NEED_STEP, NeedRow
from citywide.rules.course import Step
from citywide.rules.fields import day, draft, id_of, version
from citywide.services.models import ATTENDANCE, SERVICE_RECORD
from citywide.services.words import RecordStage

NEED_CHANGED = "needChanged"
_DAY = "The day it happened; today when left out. Not before the step that came before it."


@draft
class StepDraft:
    """A step that was taken, at the version that its author had seen."""

    version: int = version()
    day: date | None = day(_DAY, past=True, default=None)


@draft
class AgencyStep(StepDraft):
    """A step at the person's side."""

    need_id: UUID = id_of("Need", "The need.")


@draft
class BureauStep(StepDraft):
    """A step of a department; an officer of the bureau takes it, in the need's agency."""

    need_id: NodeId = id_of("Need", "The need, of any agency of the city.")


async def take_step(
    act: Act,
    step: Step,
    need: NeedRow,
    draft: StepDraft,
    *,
    on: date | None = None,
    note: str | None = None,
    **columns: Any,
) -> UUID:
    """Take a step of a need `on` a day, else on the draft's, else today; the need's id.

    Its history has no gap: a need enters a status on the day on which it leaves the one before.
    """
    act.check(step, need)
    happened = on or draft.day or act.today
    if happened < need["status_since"]:
        message = (
            f"The need is {NeedCourse.state_of(need).plain} since {need['status_since']}: "
            f"the next step cannot lie before that, on {happened}."
        )
        raise wrong_state(message, "day")
    act.check_version(need, draft)
    if step.to in ENDED:
        columns["ended_on"] = happened
    # The draft's own fields have other meanings than the need's columns of the same name.
    await act.take(step, need, None, "need_id", status_since=happened, **columns)
    stay = max(await act.rows(NEED_STEP, need_id=need["id"]), key=lambda each: each["position"])
    await act.update(NEED_STEP, stay, left_on=happened)
    await act.insert(
        NEED_STEP,
        need_id=need["id"],
        position=stay["position"] + 1,
        status=step.to,
        entered_on=happened,
        note=note,
    )
    act.announce(NEED_CHANGED, need["id"])
    return need["id"]


async def day_of_service(
    act: Act, record_id: UUID | None, person_id: UUID, said: date | None, field: str
) -> date | None:
    """The day of the service at which a person was served, or else the one that is `said`.

    Both must agree; `field` is the draft's that says it.
    """
    if record_id is None:
        return said
    record = await act.find(SERVICE_RECORD, record_id, "service_record_id", anybodys=True)
    attended = await act.rows(ATTENDANCE, service_record_id=record_id, beneficiary_id=person_id)
    if record["status"] != RecordStage.CURRENT:
        fault = Fault(("service_record_id",), "The service does not count any more.")
    elif not attended:
        fault = Fault(("service_record_id",), "The person was not served at this service.")
    elif said not in (None, record["served_on"]):
        fault = Fault((field,), f"The service took place on {record['served_on']}.")
    else:
        return record["served_on"]
    raise InvalidError([fault])
