"""Cases and their parts in the schema."""

from citywide.cases.models import (
    CASE_ACTION,
    CASE_CONFERENCE,
    CASE_FILE,
    CASE_GOAL,
    CASE_PAIRING,
    CASE_RISK,
    CASE_SESSION,
    CASE_STEP,
    CONFERENCE_PARTICIPANT,
    GOAL_SCORE,
)
from citywide.graph.declare import (
    Kind,
    Value,
    column,
    entity,
    hidden,
    many,
    one,
    own,
    through,
)
from citywide.graph.topics import announce_approval

_OF_CASE = through("Case", {"id": "case_id"})


@entity(
    CASE_FILE,
    tag="case",
    root="cases",
    root_description="Casework with single persons.",
    caseload=own("worker_id"),
)
class Case:
    """Casework with one beneficiary (个案), stage by stage."""

    number = column("The agency's own number of the case.")
    opened_on = column("The day it was taken on.")
    closed_on = column("The day its closure was approved; null while it is open.")
    stage = column("The stage it is at.")
    awaiting = column("What waits for somebody's approval; null: nothing.")
    risk = column("How much is at stake, as judged last.", mask=hidden)
    outcome = column("How it ended, or is proposed to end.", mask=hidden)
    review_on = column("The day on which the plan is looked at again.")
    problem = column("What led to it.", mask=hidden)
    findings = column("What the assessment found.", mask=hidden)
    plan = column("The plan in words.", mask=hidden)
    evaluation = column("What came of it.", mask=hidden)
    version = column("Counts up with every step; send it with the next one.")
    agency = one("Agency", "The agency that works it.", {"id": "tenant_id"})
    beneficiary = one("Beneficiary", "Whom it is about.", {"id": "beneficiary_id"})
    worker = one("Member", "Who works it.", {"id": "worker_id"})
    author = one("Member", "Who handed in what waits.", {"id": "author_id"}, nullable=True)
    steps = many("CaseStep", "Its history.", {"case_id": "id"})
    goals = many("CaseGoal", "What is to be different.", {"case_id": "id"})
    actions = many("CaseAction", "What is done for it.", {"case_id": "id"})
    sessions = many("CaseSession", "The sessions with the person.", {"case_id": "id"})
    conferences = many("CaseConference", "The conferences about it.", {"case_id": "id"})
    pairings = many("CasePairing", "Who helps in it.", {"case_id": "id"})
    risks = many("CaseRisk", "Every judgement of the risk.", {"case_id": "id"})


@entity(CASE_STEP, tag="cstp", caseload=_OF_CASE)
class CaseStep:
    """A step of a case: who took it, when and why."""

    kind = column("Which step.")
    from_stage = column("The stage before; null: the case was opened.")
    to_stage = column("The stage after.")
    taken_on = column("The day it was taken.")
    reason = column("Why, where a reason is asked for.", mask=hidden)
    case = one("Case", "The case.", {"id": "case_id"})
    member = one("Member", "Who took it.", {"id": "member_id"})


@entity(CASE_GOAL, tag="goal", caseload=_OF_CASE)
class CaseGoal:
    """What is to be different for the person, on a scale from 0 to 10."""

    aim = column("The goal; names nobody.")
    starting_score = column("Where the person stood, from 0 to 10.")
    target_score = column("Where they want to stand, from 0 to 10.")
    score = column("Where they stand, from 0 to 10; null: not asked yet.")
    is_attained = Value(
        description="Whether they stand where they wanted to; null: not asked yet.",
        expression=lambda row: row.c.score >= row.c.target_score,
        kind=Kind.BOOLEAN,
        nullable=True,
    )
    due_on = column("By when.")
    dropped_on = column("The day it was given up; null while it stands.")
    drop_reason = column("Why it was given up.", mask=hidden)
    case = one("Case", "The case.", {"id": "case_id"})
    scores = many("GoalScore", "Every score, newest last.", {"goal_id": "id"})
    actions = many("CaseAction", "What is done for it.", {"goal_id": "id"})


@entity(GOAL_SCORE, tag="gsco", caseload=through("CaseGoal", {"id": "goal_id"}))
class GoalScore:
    """Where the person stood on a goal one day."""

    scored_on = column("The day they were asked.")
    score = column("Where they stood, from 0 to 10.")
    note = column("What they said about it.", mask=hidden)
    goal = one("CaseGoal", "The goal.", {"id": "goal_id"})
    member = one("Member", "Who asked.", {"id": "member_id"})


@entity(
    CASE_ACTION,
    tag="acti",
    root="caseActions",
    root_description="What is planned and done in cases, with due dates.",
    caseload=_OF_CASE,
)
class CaseAction:
    """Something to be done for a goal by a day."""

    what = column("What is to be done; names nobody.")
    due_on = column("By when.")
    done_on = column("The day it was done; null while it is open.")
    result = column("What came of it.", mask=hidden)
    dropped_on = column("The day it was given up; null unless it was.")
    drop_reason = column("Why it was given up.", mask=hidden)
    case = one("Case", "The case.", {"id": "case_id"})
    goal = one("CaseGoal", "The goal it serves.", {"id": "goal_id"})


@entity(CASE_SESSION, tag="cses", caseload=_OF_CASE)
class CaseSession:
    """A delivered case session (个案辅导) that belongs to a case."""

    linked_on = column("The day it was said to belong to the case.")
    case = one("Case", "The case.", {"id": "case_id"})
    service_record = one("ServiceRecord", "The session's record.", {"id": "service_record_id"})


@entity(CASE_CONFERENCE, tag="conf", caseload=_OF_CASE)
class CaseConference:
    """A conference about a case (个案研讨)."""

    held_on = column("The day it was held.")
    topic = column("What it was about.", mask=hidden)
    conclusions = column("What was concluded.", mask=hidden)
    case = one("Case", "The case.", {"id": "case_id"})
    participants = many("ConferenceParticipant", "Who took part.", {"conference_id": "id"})


@entity(
    CONFERENCE_PARTICIPANT,
    tag="cpar",
    caseload=through("CaseConference", {"id": "conference_id"}),
)
class ConferenceParticipant:
    """Somebody at a conference: a member, a volunteer, or one from outside."""

    outside_name = column("The name of somebody from outside.", mask=hidden)
    outside_profession = column("The profession of somebody from outside.")
    member = one("Member", "A member of the staff.", {"id": "member_id"}, nullable=True)
    volunteer = one("Volunteer", "A volunteer.", {"id": "volunteer_id"}, nullable=True)
    conference = one("CaseConference", "The conference.", {"id": "conference_id"})


@entity(CASE_PAIRING, tag="pair", caseload=_OF_CASE)
class CasePairing:
    """Somebody who helps in a case for a while (结对)."""

    role = column("As what they help.")
    purpose = column("What for.", mask=hidden)
    paired_on = column("The first day.")
    ended_on = column("The last day; null while it runs.")
    end_reason = column("Why it ended.", mask=hidden)
    outside_name = column("The name of somebody from outside.", mask=hidden)
    outside_profession = column("The profession of somebody from outside.")
    member = one("Member", "A member of the staff.", {"id": "member_id"}, nullable=True)
    volunteer = one("Volunteer", "A volunteer.", {"id": "volunteer_id"}, nullable=True)
    case = one("Case", "The case.", {"id": "case_id"})


@entity(CASE_RISK, tag="risk", caseload=_OF_CASE)
class CaseRisk:
    """A judgement of how much is at stake in a case."""

    level = column("How much.")
    reason = column("What it was judged by.", mask=hidden)
    rated_on = column("The day of the judgement.")
    case = one("Case", "The case.", {"id": "case_id"})
    member = one("Member", "Who judged.", {"id": "member_id"})


announce_approval("Case")
