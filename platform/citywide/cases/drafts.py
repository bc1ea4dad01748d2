"""What is asked for in casework, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from citywide.graph.mutate import asked

_CASE = asked("The case.", of="Case")
_VERSION = asked("The version of the case that you read.")
_WHY = asked("Why; goes into the case's history.")


@dataclass(frozen=True, slots=True)
class CaseDraft:
    """A case to open."""

    number: Annotated[str, asked("The agency's own number of the case.")]
    beneficiary_id: Annotated[UUID, asked("Whom it is about.", of="Beneficiary")]
    opened_on: Annotated[date, asked("The day it was taken on.")]
    problem: Annotated[str, asked("What led to it.")]
    risk: Annotated[str, asked("How much is at stake now.", enum="RiskLevel")]
    risk_reason: Annotated[str, asked("What the risk is judged by.")]
    worker_id: Annotated[
        UUID | None, asked("Who works it; left out: the person's own worker.", of="Member")
    ] = None


@dataclass(frozen=True, slots=True)
class StepDraft:
    """A step that needs no words."""

    case_id: Annotated[UUID, _CASE]
    version: Annotated[int, _VERSION]


@dataclass(frozen=True, slots=True)
class ReasonedStepDraft:
    """A step that needs a reason."""

    case_id: Annotated[UUID, _CASE]
    version: Annotated[int, _VERSION]
    reason: Annotated[str, _WHY]


@dataclass(frozen=True, slots=True)
class FindingsDraft:
    """What the assessment of a case found."""

    case_id: Annotated[UUID, _CASE]
    version: Annotated[int, _VERSION]
    findings: Annotated[str, asked("The person's situation, strengths and needs.")]


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """A plan to hand in; its goals and actions stand in the case already."""

    case_id: Annotated[UUID, _CASE]
    version: Annotated[int, _VERSION]
    plan: Annotated[str, asked("The plan in words: the approach and the agreement with them.")]
    review_on: Annotated[date, asked("The day on which the plan is looked at again.")]


@dataclass(frozen=True, slots=True)
class ClosureDraft:
    """A closure to propose."""

    case_id: Annotated[UUID, _CASE]
    version: Annotated[int, _VERSION]
    outcome: Annotated[str, asked("How the case ends.", enum="CaseOutcome")]
    evaluation: Annotated[str, asked("What came of it, and what the person goes on with.")]


@dataclass(frozen=True, slots=True)
class AssignmentDraft:
    """A case to hand to another worker."""

    case_id: Annotated[UUID, _CASE]
    version: Annotated[int, _VERSION]
    worker_id: Annotated[UUID, asked("Who works it from now on.", of="Member")]
    reason: Annotated[str, _WHY]


@dataclass(frozen=True, slots=True)
class GoalDraft:
    """A goal to set."""

    case_id: Annotated[UUID, _CASE]
    aim: Annotated[str, asked("What is to be different; names nobody.")]
    starting_score: Annotated[int, asked("Where the person stands now, from 0 to 10.")]
    target_score: Annotated[int, asked("Where they want to stand, from 0 to 10.")]
    due_on: Annotated[date, asked("By when.")]


@dataclass(frozen=True, slots=True)
class DropGoalDraft:
    """A goal to give up."""

    goal_id: Annotated[UUID, asked("The goal.", of="CaseGoal")]
    reason: Annotated[str, asked("Why it is given up.")]


@dataclass(frozen=True, slots=True)
class ScoreDraft:
    """Where the person stands on a goal."""

    goal_id: Annotated[UUID, asked("The goal.", of="CaseGoal")]
    scored_on: Annotated[date, asked("The day on which they were asked.")]
    score: Annotated[int, asked("Where they stand, from 0 to 10.")]
    note: Annotated[str | None, asked("What they said about it.")] = None


@dataclass(frozen=True, slots=True)
class ActionDraft:
    """An action to plan."""

    goal_id: Annotated[UUID, asked("The goal it serves.", of="CaseGoal")]
    what: Annotated[str, asked("What is to be done; names nobody.")]
    due_on: Annotated[date, asked("By when.")]


@dataclass(frozen=True, slots=True)
class DoneDraft:
    """An action that was done."""

    action_id: Annotated[UUID, asked("The action.", of="CaseAction")]
    done_on: Annotated[date, asked("The day it was done.")]
    result: Annotated[str, asked("What came of it.")]


@dataclass(frozen=True, slots=True)
class DropActionDraft:
    """An action to give up."""

    action_id: Annotated[UUID, asked("The action.", of="CaseAction")]
    reason: Annotated[str, asked("Why it is given up.")]


@dataclass(frozen=True, slots=True)
class SessionDraft:
    """A case session that belongs to a case."""

    case_id: Annotated[UUID, _CASE]
    service_record_id: Annotated[UUID, asked("The record of the session.", of="ServiceRecord")]


@dataclass(frozen=True, slots=True)
class OutsiderDraft:
    """Somebody from outside the agency."""

    name: Annotated[str, asked("Their name.")]
    profession: Annotated[str, asked("Their profession, and whom they work for.")]


@dataclass(frozen=True, slots=True)
class ConferenceDraft:
    """A conference about a case."""

    case_id: Annotated[UUID, _CASE]
    held_on: Annotated[date, asked("The day it was held.")]
    topic: Annotated[str, asked("What it was about, in one line.")]
    conclusions: Annotated[str, asked("What was concluded.")]
    member_ids: Annotated[tuple[UUID, ...], asked("Who took part of the staff.", of="Member")]
    volunteer_ids: Annotated[
        tuple[UUID, ...], asked("Who took part of the volunteers.", of="Volunteer")
    ] = ()
    outsiders: Annotated[tuple[OutsiderDraft, ...], asked("Who came from outside.")] = ()


@dataclass(frozen=True, slots=True)
class PairingDraft:
    """Somebody to pair with the person; exactly one of the three."""

    case_id: Annotated[UUID, _CASE]
    role: Annotated[str, asked("As what they help.", enum="PairingRole")]
    purpose: Annotated[str, asked("What for.")]
    paired_on: Annotated[date, asked("From which day on.")]
    member_id: Annotated[UUID | None, asked("A member of the staff.", of="Member")] = None
    volunteer_id: Annotated[UUID | None, asked("A volunteer.", of="Volunteer")] = None
    outsider: Annotated[OutsiderDraft | None, asked("Somebody from outside.")] = None


@dataclass(frozen=True, slots=True)
class EndPairingDraft:
    """A pairing that ends."""

    pairing_id: Annotated[UUID, asked("The pairing.", of="CasePairing")]
    ended_on: Annotated[date, asked("The last day of it.")]
    reason: Annotated[str, asked("Why it ends.")]


@dataclass(frozen=True, slots=True)
class RiskDraft:
    """A new judgement of the risk."""

    case_id: Annotated[UUID, _CASE]
    level: Annotated[str, asked("How much is at stake now.", enum="RiskLevel")]
    reason: Annotated[str, asked("What it is judged by.")]
    rated_on: Annotated[date, asked("The day of the judgement.")]
