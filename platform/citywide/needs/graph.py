"""Needs, the steps they took, and what the city keeps for them, in the schema."""

from sqlalchemy import BigInteger, FromClause, and_, case, cast, func, null, or_
from sqlalchemy.sql import ColumnElement

from citywide.graph.declare import (
    TODAY,
    Kind,
    Value,
    column,
    entity,
    few,
    hidden,
    localised,
    many,
    one,
    through,
)
from citywide.graph.topics import announce
from citywide.needs.course import ENDED
from citywide.needs.models import (
    DEPARTMENT,
    NEED,
    NEED_KIND,
    NEED_STEP,
    POLICY_CLAUSE,
    POLICY_DOCUMENT,
)
from citywide.needs.steps import NEED_CHANGED
from citywide.needs.words import NeedStatus


def days_open(row: FromClause) -> ColumnElement[int]:
    """From the day it was raised to the end of its course, or to today."""
    return cast(func.coalesce(row.c.ended_on, TODAY) - row.c.raised_on, BigInteger)


def days_in_status(row: FromClause) -> ColumnElement[int]:
    """Since the last step; none once the course has ended."""
    waited = cast(TODAY - row.c.status_since, BigInteger)
    return case((row.c.ended_on.is_(None), waited), else_=null())


def is_overdue(row: FromClause) -> ColumnElement[bool]:
    """Whether a department owes an answer since before today; a date that is null is not due."""
    return func.coalesce(and_(row.c.status == NeedStatus.REFERRED, row.c.due_on < TODAY), False)


def days_of_step(row: FromClause) -> ColumnElement[int]:
    """From entering the status to leaving it, or to today; none in a status that ends it all."""
    taken = cast(func.coalesce(row.c.left_on, TODAY) - row.c.entered_on, BigInteger)
    is_last = or_(*(row.c.status == status for status in sorted(ENDED)))
    return case((is_last, null()), else_=taken)


@entity(
    DEPARTMENT,
    tag="dept",
    root="departments",
    root_description="The departments that answer questions in your city.",
)
class Department:
    """A department of the city that answers questions (部门)."""

    code = column("Its short name in manifests.")
    name = column("Its name.")
    phone = column("Its public telephone number; null when there is none.")
    valid_from = column("First day on which questions go to it.")
    valid_until = column("First day on which they no longer do; null while they do.")


@entity(
    NEED_KIND,
    tag="nkin",
    root="needKinds",
    root_description="What a need can be about, who answers it and within how many days.",
)
class NeedKind:
    """A kind of need (诉求类别)."""

    code = column("Its short name in manifests.")
    label = localised("What it is about.", ZH_CN="label_zh", EN="label_en")
    days_to_answer = column("Within how many calendar days of the referral it is answered.")
    valid_from = column("First day of its use.")
    valid_until = column("First day on which it is no longer used; null while it is.")
    department = one("Department", "Who answers it.", {"id": "department_id"})


@entity(
    POLICY_DOCUMENT,
    tag="pdoc",
    root="policyDocuments",
    root_description="The policy documents that answers rest on, in all their versions.",
)
class PolicyDocument:
    """A policy document (政策文件) as it was in force in a period; a change makes a new one."""

    number = column("The issuing body's number of the document.")
    title = column("Its title.")
    issuing_body = column("Who issued it.")
    valid_from = column("First day.")
    valid_until = column("First day on which it no longer holds; null while open.")
    replaces = one("PolicyDocument", "The version before it.", {"id": "replaces_id"}, nullable=True)
    clauses = few("PolicyClause", "Its clauses.", {"document_id": "id"}, order=("position",))


@entity(POLICY_CLAUSE, tag="pcla")
class PolicyClause:
    """A clause (条款) of a policy document."""

    position = column("Its place in the document, from 1.")
    label = column("How it is cited.")
    text = column("What it says.")
    document = one("PolicyDocument", "The document.", {"id": "document_id"})


@entity(
    NEED,
    tag="need",
    root="needs",
    root_description="Questions and requests that persons raised.",
    caseload=through("Beneficiary", {"id": "beneficiary_id"}),
)
class Need:
    """A question or request (诉求), carried to a department and its answer back to the person."""

    status = column("Where it stands.")
    status_since = column("The day of the last step.")
    channel = column("How it was put.")
    question = column("The question, in the person's words; may name persons.", mask=hidden)
    raised_on = column("The day it was put.")
    referred_question = column(
        "The question as the department reads it, without what says whose it is; null until it is"
        " referred.",
        mask=hidden,
    )
    referred_on = column("The day of the last referral; null until it is referred.")
    due_on = column("The last day on which an answer is in time; null until it is referred.")
    clarification = column(
        "What the department last asked to have made clear; null if nothing.", mask=hidden
    )
    answer = column("The answer; null until there is one.", mask=hidden)
    answered_on = column("The day of the answer; null until there is one.")
    printed_on = column("The day the answer was printed; null until then.")
    delivered_on = column("The day the answer was brought to the person; null until then.")
    satisfaction = column("How satisfied the person is, 1 to 5; null when not rated.")
    remark = column("What they said to it.", mask=hidden)
    ended_on = column("The day it was closed or withdrawn; null while it is open.")
    version = column("Counts its changes; send it back with the next step.")
    days_open = Value(
        description="Days from raising to the end, or to today.",
        expression=days_open,
        kind=Kind.INT,
    )
    days_in_status = Value(
        description="Days since the last step; null when the course has ended.",
        expression=days_in_status,
        kind=Kind.INT,
        nullable=True,
    )
    is_overdue = Value(
        description="Whether the department's answer is overdue: referred, and due before today.",
        expression=is_overdue,
        kind=Kind.BOOLEAN,
    )
    agency = one("Agency", "The agency that carries it.", {"id": "tenant_id"})
    beneficiary = one("Beneficiary", "Who asks.", {"id": "beneficiary_id"})
    kind = one("NeedKind", "What it is about.", {"id": "kind_id"})
    department = one("Department", "Who is to answer.", {"id": "department_id"}, nullable=True)
    clause = one("PolicyClause", "What the answer rests on.", {"id": "clause_id"}, nullable=True)
    service_record = one(
        "ServiceRecord", "Where it was put.", {"id": "service_record_id"}, nullable=True
    )
    delivery_record = one(
        "ServiceRecord",
        "Where the answer was delivered.",
        {"id": "delivery_record_id"},
        nullable=True,
    )
    follows = one("Need", "The need whose answer led to it.", {"id": "follows_id"}, nullable=True)
    followed_by = many("Need", "The questions that its answer led to.", {"follows_id": "id"})
    steps = few("NeedStep", "Its course up to now.", {"need_id": "id"}, order=("position",))


@entity(NEED_STEP, tag="nste", caseload=through("Need", {"id": "need_id"}))
class NeedStep:
    """One stay of a need in one status."""

    position = column("Its place in the course, from 1.")
    status = column("The status.")
    entered_on = column("The day it was entered.")
    left_on = column("The day it was left; null while the need stands in it.")
    days = Value(
        description="Days in it, up to today; null in one that ends the course.",
        expression=days_of_step,
        kind=Kind.INT,
        nullable=True,
    )
    note = column("What was noted at this step.", mask=hidden)
    need = one("Need", "The need.", {"id": "need_id"})


announce(NEED_CHANGED, "A need was raised, or went a step further.", gives="Need")
