"""The use case of a case's sessions: a recorded session is said to belong to the case."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.problems import wrong_state
from citywide.cases.courses import CaseCourse
from citywide.cases.models import CASE_FILE, CASE_SESSION, CaseFileRow
from citywide.cases.problems import CaseStageProblem
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import draft, id_of
from citywide.services.models import ATTENDANCE, SERVICE_RECORD, ServiceRecordRow


@draft
class SessionDraft:
    """A case session that belongs to a case."""

    case_id: UUID = id_of("Case", "The case.")
    service_record_id: UUID = id_of("ServiceRecord", "The record of the session.")


@mutation(gives="CaseSession", problems=[CaseStageProblem])
async def link_case_session(act: Act, draft: SessionDraft) -> UUID:
    """Say that a recorded case session belongs to a case; to one at most."""
    case = await act.find(CASE_FILE, draft.case_id, "case_id", lock=True)
    act.check(CaseCourse.add_to_it, case, "case_id")
    record = await act.find(
        SERVICE_RECORD, draft.service_record_id, "service_record_id", anybodys=True
    )
    served = await act.rows(
        ATTENDANCE,
        service_record_id=record["id"],
        beneficiary_id=case["beneficiary_id"],
        superseded=False,
    )
    refuse(_session_faults(record, case, is_with_person=bool(served)))
    if await act.row(CASE_SESSION, service_record_id=record["id"]) is not None:
        raise wrong_state("The session belongs to a case already.", "service_record_id")
    return await act.insert(CASE_SESSION, draft, linked_on=act.today)


def _session_faults(
    record: ServiceRecordRow, case: CaseFileRow, *, is_with_person: bool
) -> Iterator[Fault]:
    path = ("service_record_id",)
    if record["status"] != "CURRENT":
        yield Fault(path, "The record was cancelled or corrected.")
    if record["kind"] != "CASE_SESSION":
        yield Fault(path, "Only a record of the kind CASE_SESSION is a session.")
    if not is_with_person:
        yield Fault(path, "The session was not with the person of the case.")
    if record["served_on"] < case["opened_on"]:
        message = f"The session was before the case was opened on {case['opened_on']}."
        yield Fault(path, message)
