"""Cases with their goals, actions, sessions, conferences, pairings, risks and every step taken."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
)

from citywide.cases.stages import CaseApproval, CaseOutcome, CaseStage, CaseStepKind, RiskLevel
from citywide.db.tables import one_of, reference, tenant_table

CASE_FILE = tenant_table(
    "case_file",
    Column("number", Text, nullable=False),
    Column("beneficiary_id", Uuid, nullable=False),
    Column("worker_id", Uuid, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("closed_on", Date),
    # What led to the case, what the assessment found, the plan in words, what came of it.
    Column("problem", Text, nullable=False),
    Column("findings", Text),
    Column("plan", Text),
    Column("review_on", Date),
    Column("evaluation", Text),
    Column("outcome", Text),
    Column("risk", Text, nullable=False),
    Column("stage", Text, nullable=False),
    # What waits for approval, who asked for it, and the stage it goes back to if returned.
    Column("awaiting", Text),
    Column("author_id", Uuid),
    Column("returns_to", Text),
    Column("version", BigInteger, nullable=False, server_default="1"),
    UniqueConstraint("tenant_id", "number"),
    Index(None, "tenant_id", "beneficiary_id"),
    Index(None, "tenant_id", "worker_id"),
    Index(None, "tenant_id", "opened_on", "id"),
    reference("beneficiary_id", "beneficiary"),
    reference("worker_id", "member"),
    reference("author_id", "member"),
    one_of("stage", *CaseStage),
    one_of("returns_to", *CaseStage),
    one_of("awaiting", *CaseApproval),
    one_of("outcome", *CaseOutcome),
    one_of("risk", *RiskLevel),
    CheckConstraint("opened_on <= closed_on", name="closed_on"),
    CheckConstraint(
        "(awaiting IS NULL) = (author_id IS NULL) AND (awaiting IS NULL) = (returns_to IS NULL)",
        name="author_id",
    ),
    writers=("agency",),
)

# One step of the stage machine, or a change of worker: who took it, when and why.
CASE_STEP = tenant_table(
    "case_step",
    Column("case_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("from_stage", Text),
    Column("to_stage", Text, nullable=False),
    Column("taken_on", Date, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("reason", Text),
    Index(None, "tenant_id", "case_id"),
    reference("case_id", "case_file"),
    reference("member_id", "member"),
    one_of("kind", *CaseStepKind),
    one_of("from_stage", *CaseStage),
    one_of("to_stage", *CaseStage),
    writers=("agency",),
    is_append_only=True,
)

# Where the person stands on a goal is told on a scale from 0 to 10, as they see it themselves.
CASE_GOAL = tenant_table(
    "case_goal",
    Column("case_id", Uuid, nullable=False),
    Column("aim", Text, nullable=False),
    Column("starting_score", BigInteger, nullable=False),
    Column("target_score", BigInteger, nullable=False),
    Column("score", BigInteger),
    Column("due_on", Date, nullable=False),
    Column("dropped_on", Date),
    Column("drop_reason", Text),
    Index(None, "tenant_id", "case_id"),
    reference("case_id", "case_file"),
    CheckConstraint("starting_score BETWEEN 0 AND 10", name="starting_score"),
    CheckConstraint("target_score BETWEEN 0 AND 10", name="target_score"),
    CheckConstraint("score BETWEEN 0 AND 10", name="score"),
    CheckConstraint("(dropped_on IS NULL) = (drop_reason IS NULL)", name="dropped_on"),
    writers=("agency",),
)

GOAL_SCORE = tenant_table(
    "goal_score",
    Column("goal_id", Uuid, nullable=False),
    Column("scored_on", Date, nullable=False),
    Column("score", BigInteger, nullable=False),
    Column("note", Text),
    Column("member_id", Uuid, nullable=False),
    Index(None, "tenant_id", "goal_id"),
    reference("goal_id", "case_goal"),
    reference("member_id", "member"),
    CheckConstraint("score BETWEEN 0 AND 10", name="score"),
    writers=("agency",),
    is_append_only=True,
)

CASE_ACTION = tenant_table(
    "case_action",
    Column("case_id", Uuid, nullable=False),
    Column("goal_id", Uuid, nullable=False),
    Column("what", Text, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("done_on", Date),
    Column("result", Text),
    Column("dropped_on", Date),
    Column("drop_reason", Text),
    Index(None, "tenant_id", "case_id"),
    Index(None, "tenant_id", "goal_id"),
    Index(None, "tenant_id", "due_on", "id"),
    reference("case_id", "case_file"),
    reference("goal_id", "case_goal"),
    CheckConstraint("(done_on IS NULL) = (result IS NULL)", name="done_on"),
    CheckConstraint("(dropped_on IS NULL) = (drop_reason IS NULL)", name="dropped_on"),
    CheckConstraint("done_on IS NULL OR dropped_on IS NULL", name="done_or_dropped"),
    writers=("agency",),
)

# A service record of kind CASE_SESSION that belongs to the case; to one case at most.
CASE_SESSION = tenant_table(
    "case_session",
    Column("case_id", Uuid, nullable=False),
    Column("service_record_id", Uuid, nullable=False),
    Column("linked_on", Date, nullable=False),
    UniqueConstraint("tenant_id", "service_record_id"),
    Index(None, "tenant_id", "case_id"),
    reference("case_id", "case_file"),
    reference("service_record_id", "service_record"),
    writers=("agency",),
    is_append_only=True,
)

CASE_CONFERENCE = tenant_table(
    "case_conference",
    Column("case_id", Uuid, nullable=False),
    Column("held_on", Date, nullable=False),
    Column("topic", Text, nullable=False),
    Column("conclusions", Text, nullable=False),
    Index(None, "tenant_id", "case_id"),
    reference("case_id", "case_file"),
    writers=("agency",),
    is_append_only=True,
)


def _who() -> tuple[Column[Any], ...]:
    """A member, a volunteer, or somebody from outside, known by name and profession."""
    return (
        Column("member_id", Uuid),
        Column("volunteer_id", Uuid),
        Column("outside_name", Text),
        Column("outside_profession", Text),
    )


_IS_ONE_PERSON = (
    "num_nonnulls(member_id, volunteer_id, outside_name) = 1"
    " AND (outside_name IS NULL) = (outside_profession IS NULL)"
)

CONFERENCE_PARTICIPANT = tenant_table(
    "conference_participant",
    Column("conference_id", Uuid, nullable=False),
    *_who(),
    Index(None, "tenant_id", "conference_id"),
    reference("conference_id", "case_conference"),
    reference("member_id", "member"),
    reference("volunteer_id", "volunteer"),
    CheckConstraint(_IS_ONE_PERSON, name="person"),
    writers=("agency",),
    is_append_only=True,
)

CASE_PAIRING = tenant_table(
    "case_pairing",
    Column("case_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    *_who(),
    Column("purpose", Text, nullable=False),
    Column("paired_on", Date, nullable=False),
    Column("ended_on", Date),
    Column("end_reason", Text),
    Index(None, "tenant_id", "case_id"),
    reference("case_id", "case_file"),
    reference("member_id", "member"),
    reference("volunteer_id", "volunteer"),
    one_of("role", "WORKER", "LAWYER", "PSYCHOLOGIST", "VOLUNTEER", "OTHER"),
    CheckConstraint(_IS_ONE_PERSON, name="person"),
    CheckConstraint("paired_on <= ended_on", name="ended_on"),
    CheckConstraint("(ended_on IS NULL) = (end_reason IS NULL)", name="end_reason"),
    writers=("agency",),
)

CASE_RISK = tenant_table(
    "case_risk",
    Column("case_id", Uuid, nullable=False),
    Column("level", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("rated_on", Date, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Index(None, "tenant_id", "case_id"),
    reference("case_id", "case_file"),
    reference("member_id", "member"),
    one_of("level", *RiskLevel),
    writers=("agency",),
    is_append_only=True,
)
