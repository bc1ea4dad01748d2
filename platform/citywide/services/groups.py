"""Series of group sessions: begin one, plan its sessions, lead it through its stages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.problems import wrong_state
from citywide.acts.workspace import values_of
from citywide.agencies.workers import worker_faults
from citywide.beneficiaries.others_eyes import HARMLESS, check_deidentified
from citywide.beneficiaries.problems import RevealingProblem
from citywide.beneficiaries.words import RevealingKind
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.projects.models import PROJECT, ProjectRow
from citywide.rules.fields import day, draft, id_of, line, list_of, paragraph, version, word
from citywide.rules.periods import Span
from citywide.rules.texts import TITLE_LENGTH
from citywide.services.courses import STEP_INTO
from citywide.services.models import GROUP_SERIES, GROUP_STAGE, PLANNED_SESSION
from citywide.services.words import SESSION_STAGES, GroupStageName

# A weekly group over a whole year; a longer plan is two.
MOST_SESSIONS = 52


@draft
class PlannedSessionDraft:
    """One session of the plan."""

    planned_on: date = day("The day it is planned for.")
    stage: GroupStageName = word("The stage that the group should be in.")
    theme: str = line("What it is to be about; names nobody.", TITLE_LENGTH)


@draft
class SeriesDraft:
    """A new series of group sessions."""

    project_id: UUID = id_of("Project", "The project that pays for it.")
    leader_id: UUID = id_of("Member", "The worker who answers for it.")
    name: str = line("Its name, which no other series of the project has.", TITLE_LENGTH)
    goal: str = paragraph("What the group is to achieve; names nobody.")
    prepared_on: date = day("The day its preparation began.", past=True)
    sessions: tuple[PlannedSessionDraft, ...] = list_of(
        "The sessions planned, in their order.", most=MOST_SESSIONS, default=()
    )
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="GroupSeries", problems=[RevealingProblem])
async def create_group_series(act: Act, draft: SeriesDraft) -> UUID:
    """Begin a series of group sessions, in preparation, with the sessions planned so far."""
    act.check_worker(draft.leader_id, "leader_id")
    project = await act.find(PROJECT, draft.project_id, "project_id")
    faults = []
    if await act.row(GROUP_SERIES, project_id=draft.project_id, name=draft.name):
        faults.append(Fault(("name",), "Another series of the project has this name."))
    if not Span.of(project).covers(draft.prepared_on):
        message = f"The project does not run on {draft.prepared_on}."
        faults.append(Fault(("prepared_on",), message))
    faults += session_faults(draft.sessions, project, before=[])
    faults += await worker_faults(act, draft.leader_id, ("leader_id",), draft.prepared_on)
    refuse(faults)
    texts = {"name": draft.name, "goal": draft.goal, **_themes(draft.sessions)}
    await check_deidentified(act, draft, texts)
    series_id = await act.insert(GROUP_SERIES, draft, stage=GroupStageName.PREPARATION)
    await act.insert(
        GROUP_STAGE,
        series_id=series_id,
        stage=GroupStageName.PREPARATION,
        entered_on=draft.prepared_on,
        member_id=act.member_id,
        note=None,
    )
    await _plan(act, series_id, draft.sessions, taken=0)
    return series_id


def _themes(sessions: Sequence[PlannedSessionDraft]) -> dict[str, str]:
    """What sessions are about, by the input's field: supervisors and the bureau read it."""
    return {f"sessions.{place}.theme": each.theme for place, each in enumerate(sessions)}


@draft
class SessionPlan:
    """More sessions of a series."""

    series_id: UUID = id_of("GroupSeries", "The series.")
    version: int = version()
    sessions: tuple[PlannedSessionDraft, ...] = list_of(
        "The sessions to add, in their order.", least=1, most=MOST_SESSIONS
    )
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="GroupSeries", problems=[RevealingProblem])
async def plan_group_sessions(act: Act, draft: SessionPlan) -> UUID:
    """Add sessions to the plan of a group series, after those planned already."""
    series = await act.find(GROUP_SERIES, draft.series_id, "series_id")
    project = await act.find(PROJECT, series["project_id"], "series_id")
    planned = await act.rows(PLANNED_SESSION, series_id=series["id"])
    planned.sort(key=lambda row: row["number"])
    refuse(session_faults(draft.sessions, project, before=[row["stage"] for row in planned]))
    await check_deidentified(act, draft, _themes(draft.sessions))
    # The version counts up, so that two plans made at once do not mix.
    await act.update(GROUP_SERIES, series, draft)
    await _plan(act, series["id"], draft.sessions, taken=len(planned))
    return series["id"]


@draft
class SeriesAdvance:
    """A series' step into its next stage."""

    series_id: UUID = id_of("GroupSeries", "The series.")
    version: int = version()
    stage: GroupStageName = word("The stage it enters.")
    entered_on: date = day("The day it entered it.", past=True)
    note: str | None = paragraph("How the group is doing.", default=None)


@mutation(gives="GroupSeries")
async def advance_group_series(act: Act, draft: SeriesAdvance) -> UUID:
    """Take a group series to its next stage; no stage is skipped and none comes again."""
    series = await act.find(GROUP_SERIES, draft.series_id, "series_id")
    if draft.stage not in STEP_INTO:
        raise wrong_state("A series begins in preparation, and never comes back to it.", "stage")
    step = STEP_INTO[draft.stage]
    act.check(step, series, "stage")
    entered = await act.rows(GROUP_STAGE, series_id=series["id"])
    last = max(row["entered_on"] for row in entered)
    if draft.entered_on < last:
        refuse([Fault(("entered_on",), f"The stage before was entered later, on {last}.")])
    await act.take(step, series, draft, "stage")
    await act.insert(GROUP_STAGE, draft, member_id=act.member_id)
    return series["id"]


def session_faults(
    sessions: Sequence[PlannedSessionDraft], project: ProjectRow, *, before: Sequence[str]
) -> Iterator[Fault]:
    """A plan's rules; `before` are the stages of the sessions planned already."""
    if len(before) + len(sessions) > MOST_SESSIONS:
        yield Fault(("sessions",), f"A series has at most {MOST_SESSIONS} sessions.")
    for place, session in enumerate(sessions):
        path = ("sessions", place)
        if session.stage not in SESSION_STAGES:
            yield Fault((*path, "stage"), "In preparation nobody meets yet.")
        if not Span.of(project).covers(session.planned_on):
            message = f"The project does not run on {session.planned_on}."
            yield Fault((*path, "planned_on"), message)
    order = [*GroupStageName]
    places = [order.index(GroupStageName[stage]) for stage in before]
    places += [order.index(session.stage) for session in sessions]
    if any(one > two for one, two in pairwise(places)):
        yield Fault(("sessions",), "The plan goes back to a stage that it had left.")


async def _plan(
    act: Act, series_id: UUID, sessions: Sequence[PlannedSessionDraft], *, taken: int
) -> None:
    rows = [
        values_of(PLANNED_SESSION, session, {"series_id": series_id, "number": taken + place})
        for place, session in enumerate(sessions, start=1)
    ]
    await act.insert_all(PLANNED_SESSION, rows)
