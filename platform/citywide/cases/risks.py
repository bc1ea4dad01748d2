"""The use case of a case's risk: judge it anew."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from citywide.acts.act import Act
from citywide.cases.casework import early_faults
from citywide.cases.courses import CaseCourse
from citywide.cases.models import CASE_FILE, CASE_RISK
from citywide.cases.problems import CaseStageProblem
from citywide.cases.words import RiskLevel
from citywide.errors import refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import day, draft, id_of, paragraph, word


@draft
class RiskDraft:
    """A new judgement of the risk."""

    case_id: UUID = id_of("Case", "The case.")
    level: RiskLevel = word("How much is at stake now.")
    reason: str = paragraph("What it is judged by.")
    rated_on: date = day("The day of the judgement.", past=True)


@mutation(gives="Case", problems=[CaseStageProblem])
async def rate_case_risk(act: Act, draft: RiskDraft) -> UUID:
    """Judge the risk of a case anew, with the reason; earlier judgements stay."""
    case = await act.find(CASE_FILE, draft.case_id, "case_id", lock=True)
    act.check(CaseCourse.add_to_it, case, "case_id")
    refuse(early_faults("rated_on", draft.rated_on, case["opened_on"]))
    newest = max(row["rated_on"] for row in await act.rows(CASE_RISK, case_id=case["id"]))
    message = "The risk was judged on {} already."
    refuse(early_faults("rated_on", draft.rated_on, newest, message))
    await act.insert(CASE_RISK, draft, member_id=act.member_id)
    await act.update(CASE_FILE, case, risk=draft.level)
    return case["id"]
