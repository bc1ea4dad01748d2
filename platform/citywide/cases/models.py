"""Cases with their goals, actions, sessions, conferences, pairings, risks and every step taken."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from citywide.cases.words import (
    CaseApproval,
    CaseOutcome,
    CaseStage,
    CaseStepKind,
    PairingRole,
    RiskLevel,
)
from citywide.db.tables import TenantRow, Version, reference, tenant_table


class CaseFileRow(TenantRow):
    number: str
    beneficiary_id: UUID
    worker_id: UUID
    opened_on: date
    closed_on: date | None
    # What led to the case, what the assessment found, the plan in words, what came of it.
    problem: str
    findings: str | None
    plan: str | None
    review_on: date | None
    evaluation: str | None
    outcome: CaseOutcome | None
    risk: RiskLevel
    stage: CaseStage
    # What waits for approval, who asked for it, and the stage it goes back to if returned.
    awaiting: CaseApproval | None
    author_id: UUID | None
    returns_to: CaseStage | None
    version: Version


CASE_FILE = tenant_table(
    "case_file",
    CaseFileRow,
    UniqueConstraint("tenant_id", "number"),
    Index(None, "tenant_id", "beneficiary_id"),
    Index(None, "tenant_id", "worker_id"),
    Index(None, "tenant_id", "opened_on", "id"),
    reference("beneficiary_id", "beneficiary"),
    reference("worker_id", "member"),
    reference("author_id", "member"),
    CheckConstraint("opened_on <= closed_on", name="closed_on"),
    CheckConstraint(
        "(awaiting IS NULL) = (author_id IS NULL) AND (awaiting IS NULL) = (returns_to IS NULL)",
        name="author_id",
    ),
    writers=("agency",),
    entity="Case",
    caseload="worker_id",
)


class CaseStepRow(TenantRow):
    """One step of the stage machine, or a change of worker: who took it, when and why."""

    case_id: UUID
    kind: CaseStepKind
    from_stage: CaseStage | None
    to_stage: CaseStage
    taken_on: date
    member_id: UUID
    reason: str | None


CASE_STEP = tenant_table(
    "case_step",
    CaseStepRow,
    Index(None, "tenant_id", "case_id"),
    reference("case_id", "case_file"),
    reference("member_id", "member"),
    writers=("agency",),
    is_append_only=True,
    caseload="case_id",
)


class CaseGoalRow(TenantRow):
    """A goal; scores go from 0 to 10 and say where the person sees themselves."""

    case_id: UUID
    aim: str
    starting_score: int
    target_score: int
    score: int | None
    due_on: date
    dropped_on: date | None
    drop_reason: str | None


CASE_GOAL = tenant_table(
    "case_goal",
    CaseGoalRow,
    Index(None, "tenant_id", "case_id"),
    reference("case_id", "case_file"),
    CheckConstraint("starting_score BETWEEN 0 AND 10", name="starting_score"),
    CheckConstraint("target_score BETWEEN 0 AND 10", name="target_score"),
    CheckConstraint("score BETWEEN 0 AND 10", name="score"),
    CheckConstraint("(dropped_on IS NULL) = (drop_reason IS NULL)", name="dropped_on"),
    writers=("agency",),
    caseload="case_id",
)


class GoalScoreRow(TenantRow):
    goal_id: UUID
    scored_on: date
    score: int
    note: str | None
    member_id: UUID


GOAL_SCORE = tenant_table(
    "goal_score",
    GoalScoreRow,
    Index(None, "tenant_id", "goal_id"),
    reference("goal_id", "case_goal"),
    reference("member_id", "member"),
    CheckConstraint("score BETWEEN 0 AND 10", name="score"),
    writers=("agency",),
    is_append_only=True,
    caseload="goal_id",
)


class CaseActionRow(TenantRow):
    case_id: UUID
    goal_id: UUID
    what: str
    due_on: date
    done_on: date | None
    result: str | None
    dropped_on: date | None
    drop_reason: str | None


CASE_ACTION = tenant_table(
    "case_action",
    CaseActionRow,
    Index(None, "tenant_id", "case_id"),
    Index(None, "tenant_id", "goal_id"),
    Index(None, "tenant_id", "due_on", "id"),
    reference("case_id", "case_file"),
    reference("goal_id", "case_goal"),
    CheckConstraint("(done_on IS NULL) = (result IS NULL)", name="done_on"),
    CheckConstraint("(dropped_on IS NULL) = (drop_reason IS NULL)", name="dropped_on"),
    CheckConstraint("done_on IS NULL OR dropped_on IS NULL", name="done_or_dropped"),
    writers=("agency",),
    caseload="case_id",
)


class CaseSessionRow(TenantRow):
    """A service record of kind CASE_SESSION that belongs to the case; to one case at most."""

    case_id: UUID
    service_record_id: UUID
    linked_on: date


CASE_SESSION = tenant_table(
    "case_session",
    CaseSessionRow,
    UniqueConstraint("tenant_id", "service_record_id"),
    Index(None, "tenant_id", "case_id"),
    reference("case_id", "case_file"),
    reference("service_record_id", "service_record"),
    writers=("agency",),
    is_append_only=True,
    caseload="case_id",
)


class CaseConferenceRow(TenantRow):
    case_id: UUID
    held_on: date
    topic: str
    conclusions: str


CASE_CONFERENCE = tenant_table(
    "case_conference",
    CaseConferenceRow,
    Index(None, "tenant_id", "case_id"),
    reference("case_id", "case_file"),
    writers=("agency",),
    is_append_only=True,
    caseload="case_id",
)


# A member, a volunteer, or somebody from outside, known by name and profession.
_IS_ONE_PERSON = (
    "num_nonnulls(member_id, volunteer_id, outside_name) = 1"
    " AND (outside_name IS NULL) = (outside_profession IS NULL)"
)


class ConferenceParticipantRow(TenantRow):
    conference_id: UUID
    member_id: UUID | None
    volunteer_id: UUID | None
    outside_name: str | None
    outside_profession: str | None


CONFERENCE_PARTICIPANT = tenant_table(
    "conference_participant",
    ConferenceParticipantRow,
    Index(None, "tenant_id", "conference_id"),
    reference("conference_id", "case_conference"),
    reference("member_id", "member"),
    reference("volunteer_id", "volunteer"),
    CheckConstraint(_IS_ONE_PERSON, name="person"),
    writers=("agency",),
    is_append_only=True,
    caseload="conference_id",
    names="outside_name",
)


class CasePairingRow(TenantRow):
    case_id: UUID
    role: PairingRole
    member_id: UUID | None
    volunteer_id: UUID | None
    outside_name: str | None
    outside_profession: str | None
    purpose: str
    paired_on: date
    ended_on: date | None
    end_reason: str | None


CASE_PAIRING = tenant_table(
    "case_pairing",
    CasePairingRow,
    Index(None, "tenant_id", "case_id"),
    reference("case_id", "case_file"),
    reference("member_id", "member"),
    reference("volunteer_id", "volunteer"),
    CheckConstraint(_IS_ONE_PERSON, name="person"),
    CheckConstraint("paired_on <= ended_on", name="ended_on"),
    CheckConstraint("(ended_on IS NULL) = (end_reason IS NULL)", name="end_reason"),
    writers=("agency",),
    caseload="case_id",
    names="outside_name",
)


class CaseRiskRow(TenantRow):
    case_id: UUID
    level: RiskLevel
    reason: str
    rated_on: date
    member_id: UUID


CASE_RISK = tenant_table(
    "case_risk",
    CaseRiskRow,
    Index(None, "tenant_id", "case_id"),
    reference("case_id", "case_file"),
    reference("member_id", "member"),
    writers=("agency",),
    is_append_only=True,
    caseload="case_id",
)
