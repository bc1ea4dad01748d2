"""Use cases between an agency and a department: refer a need, ask back, and answer it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from citywide.acts.act import Act
from citywide.beneficiaries.others_eyes import HARMLESS, check_deidentified
from citywide.beneficiaries.problems import RevealingProblem
from citywide.beneficiaries.words import RevealingKind
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.needs.course import NeedCourse
from citywide.needs.models import (
    DEPARTMENT,
    NEED,
    NEED_KIND,
    POLICY_CLAUSE,
    POLICY_DOCUMENT,
)
from citywide.needs.raising import QUESTION_LENGTH
from citywide.needs.steps import AgencyStep, BureauStep, take_step
from citywide.needs.words import NeedStatus
from citywide.rules.fields import draft, id_of, list_of, paragraph
from citywide.rules.periods import Span

# Three printed pages in the large type that the readers need.
ANSWER_LENGTH = 1_500


@draft
class Referral(AgencyStep):
    """Which department shall answer, and in which words it is asked."""

    department_id: UUID | None = id_of(
        "Department", "Who shall answer; left out: who answers this kind.", default=None
    )
    question: str | None = paragraph(
        "The question as the department shall read it, without what says whose it is. Left out: as"
        " it was put. In either case what gives somebody away is asked about.",
        QUESTION_LENGTH,
        default=None,
    )
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="Need", problems=[RevealingProblem])
async def refer_need(act: Act, draft: Referral) -> UUID:
    """Refer a need to the department that answers its kind, to be answered by a due date."""
    need = await act.find(NEED, draft.need_id, "need_id")
    if need["status"] == NeedStatus.RETURNED and draft.question is None:
        message = "The department asked for clarity: put the question in words that give it."
        refuse([Fault(("question",), message, "REQUIRED")])
    referred_on = draft.day or act.today
    kind = await act.find(NEED_KIND, need["kind_id"], "need_id")
    department_id = draft.department_id or kind["department_id"]
    department = await act.find(DEPARTMENT, department_id, "department_id")
    if not Span.of(department).covers(referred_on):
        message = f"This department answers nothing on {referred_on}."
        refuse([Fault(("department_id",), message)])
    question = draft.question or need["question"]
    about = need["beneficiary_id"]
    await check_deidentified(act, draft, {"question": question}, about=about)
    return await take_step(
        act,
        NeedCourse.refer,
        need,
        draft,
        department_id=department_id,
        referred_question=question,
        referred_on=referred_on,
        # Calendar days after the referral; the last one is still in time.
        due_on=referred_on + timedelta(days=kind["days_to_answer"]),
    )


@draft
class Clarification(BureauStep):
    """What a department must know before it can answer."""

    clarification: str = paragraph("What is to be made clear; names nobody.")
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="Need", problems=[RevealingProblem])
async def return_need(act: Act, draft: Clarification) -> UUID:
    """Return a referred need to its agency, which shall make something clear."""
    need = await act.find(NEED, draft.need_id, "need_id")
    about = need["beneficiary_id"]
    await check_deidentified(act, draft, {"clarification": draft.clarification}, about=about)
    return await take_step(
        act, NeedCourse.send_back, need, draft, clarification=draft.clarification
    )


@draft
class Answer(BureauStep):
    """The answer, and the clause that it rests on."""

    answer: str = paragraph(
        "The answer, in plain words; it is printed in large type, and names nobody.", ANSWER_LENGTH
    )
    clause_id: UUID = id_of("PolicyClause", "What it rests on; in force that day.")
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="Need", problems=[RevealingProblem])
async def answer_need(act: Act, draft: Answer) -> UUID:
    """Answer a referred need, with the clause of the policy document that the answer rests on."""
    need = await act.find(NEED, draft.need_id, "need_id")
    answered_on = draft.day or act.today
    clause = await act.find(POLICY_CLAUSE, draft.clause_id, "clause_id")
    document = await act.find(POLICY_DOCUMENT, clause["document_id"], "clause_id")
    if not Span.of(document).covers(answered_on):
        message = f"The document of this clause is not in force on {answered_on}: cite one that is."
        refuse([Fault(("clause_id",), message)])
    about = need["beneficiary_id"]
    await check_deidentified(act, draft, {"answer": draft.answer}, about=about)
    return await take_step(
        act,
        NeedCourse.answer,
        need,
        draft,
        answer=draft.answer,
        clause_id=draft.clause_id,
        answered_on=answered_on,
    )
