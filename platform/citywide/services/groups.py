"""Use cases on series of group sessions: begin one, plan its sessions, lead it through stages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from asyncpg import Record

from citywide.acts.act import Act
from citywide.acts.legacy import field_workers, insert_rows, rows_with, worker_faults
from citywide.acts.problems import wrong_state
from citywide.errors import Fault, Path, refuse
from citywide.graph.mutate import asked
from citywide.ids import new_id
from citywide.projects.commands import NO_PROJECT
from citywide.projects.models import PROJECT
from citywide.rules.legacy import choice_faults, optional_text_faults, past_faults
from citywide.rules.periods import Span
from citywide.rules.texts import NOTE_LENGTH, TITLE_LENGTH, text_faults
from citywide.services.drafts import NO_SERIES
from citywide.services.models import GROUP_SERIES, GROUP_STAGE, PLANNED_SESSION
from citywide.services.stages import (
    SESSION_STAGES,
    STAGES,
    entry_faults,
    refusal_of_step,
    stages_fall,
)

# A weekly group over a whole year; a longer plan is two.
MOST_SESSIONS = 52


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSessionDraft:
    """One session of the plan."""

    planned_on: Annotated[date, asked("The day it is planned for.")]
    stage: Annotated[str, asked("The stage that the group should be in.", enum="GroupStageName")]
    theme: Annotated[str, asked("What it is to be about, in one line.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesDraft:
    """A new series of group sessions."""

    project_id: Annotated[UUID, asked("The project that pays for it.", of="Project")]
    leader_id: Annotated[UUID, asked("The worker who answers for it.", of="Member")]
    name: Annotated[str, asked("Its name, which no other series of the project has.")]
    goal: Annotated[str, asked("What the group is to achieve.")]
    prepared_on: Annotated[date, asked("The day its preparation began.")]
    sessions: Annotated[
        tuple[PlannedSessionDraft, ...], asked("The sessions planned, in their order.")
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlan:
    """More sessions of a series."""

    series_id: Annotated[UUID, asked("The series.", of="GroupSeries")]
    version: Annotated[int, asked("The version you read.")]
    sessions: Annotated[
        tuple[PlannedSessionDraft, ...], asked("The sessions to add, in their order.")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesAdvance:
    """A series' step into its next stage."""

    series_id: Annotated[UUID, asked("The series.", of="GroupSeries")]
    version: Annotated[int, asked("The version you read.")]
    stage: Annotated[str, asked("The stage it enters.", enum="GroupStageName")]
    entered_on: Annotated[date, asked("The day it entered it.")]
    note: Annotated[str | None, asked("How the group is doing.")] = None


async def create(act: Act, draft: SeriesDraft) -> UUID:
    """A series in preparation."""
    act.check_worker(draft.leader_id, "leaderId")
    project = await act.find(PROJECT, draft.project_id, "project_id", NO_PROJECT)
    runs = Span(project["valid_from"], project["valid_until"])
    workers = await field_workers(act.transaction, desk=act.desk, ids={draft.leader_id})
    same = await rows_with(
        act.transaction, desk=act.desk, column=GROUP_SERIES.c.project_id, values=[project["id"]]
    )
    refuse(_series_faults(draft, runs, names={row["name"] for row in same}, today=act.desk.today))
    refuse(worker_faults(("leader_id",), draft.leader_id, workers, day=draft.prepared_on))
    row = act.desk.owned(
        id=new_id(),
        project_id=draft.project_id,
        leader_id=draft.leader_id,
        name=draft.name,
        goal=draft.goal,
        stage=STAGES[0],
    )
    [series_id] = await insert_rows(act.transaction, table=GROUP_SERIES, rows=[row])
    await _enter(act, series_id, STAGES[0], draft.prepared_on, None)
    await _plan(act, series_id, draft.sessions, taken=0)
    return series_id


async def plan_sessions(act: Act, plan: SessionPlan) -> UUID:
    """More sessions, numbered on from the last."""
    series = await _led(act, plan.series_id)
    project = await act.find(PROJECT, series["project_id"], "series_id", NO_PROJECT)
    planned = await rows_with(
        act.transaction, desk=act.desk, column=PLANNED_SESSION.c.series_id, values=[series["id"]]
    )
    before = sorted(planned, key=lambda row: row["number"])
    runs = Span(project["valid_from"], project["valid_until"])
    refuse(session_faults(plan.sessions, runs, before=[row["stage"] for row in before]))
    # The version counts up, so that two plans made at once do not mix.
    await act.update(GROUP_SERIES, series, {"name": series["name"]}, version=plan.version)
    await _plan(act, series["id"], plan.sessions, taken=len(before))
    return plan.series_id


async def advance(act: Act, step: SeriesAdvance) -> UUID:
    """The next stage."""
    series = await _led(act, step.series_id)
    refusal = refusal_of_step(series["stage"], step.stage)
    if refusal is not None:
        raise wrong_state(refusal, "stage")
    entered = await rows_with(
        act.transaction, desk=act.desk, column=GROUP_STAGE.c.series_id, values=[series["id"]]
    )
    last = max(row["entered_on"] for row in entered)
    refuse(
        [
            *entry_faults(("entered_on",), step.entered_on, last=last, today=act.desk.today),
            *optional_text_faults(("note",), step.note, longest=NOTE_LENGTH, lines=True),
        ]
    )
    await act.update(GROUP_SERIES, series, {"stage": step.stage}, version=step.version)
    await _enter(act, series["id"], step.stage, step.entered_on, step.note)
    return step.series_id


def _series_faults(
    draft: SeriesDraft, runs: Span, *, names: set[str], today: date
) -> Iterator[Fault]:
    yield from text_faults(("name",), draft.name, longest=TITLE_LENGTH)
    yield from text_faults(("goal",), draft.goal, longest=NOTE_LENGTH, lines=True)
    yield from past_faults(("prepared_on",), draft.prepared_on, today=today)
    if draft.name in names:
        yield Fault(("name",), "Another series of the project has this name.")
    if not runs.covers(draft.prepared_on):
        yield Fault(("prepared_on",), f"The project does not run on {draft.prepared_on}.")
    if draft.sessions:
        yield from session_faults(draft.sessions, runs, before=[])


def session_faults(
    sessions: Sequence[PlannedSessionDraft], runs: Span, *, before: Sequence[str]
) -> Iterator[Fault]:
    """A plan's rules; `before` are the stages of the sessions planned already."""
    here: Path = ("sessions",)
    if not sessions:
        yield Fault(here, "A plan has at least one session.")
    if len(before) + len(sessions) > MOST_SESSIONS:
        yield Fault(here, f"A series has at most {MOST_SESSIONS} sessions.")
    for place, session in enumerate(sessions):
        yield from text_faults((*here, place, "theme"), session.theme, longest=TITLE_LENGTH)
        yield from choice_faults((*here, place, "stage"), session.stage, SESSION_STAGES)
        if not runs.covers(session.planned_on):
            message = f"The project does not run on {session.planned_on}."
            yield Fault((*here, place, "planned_on"), message)
    if stages_fall((*before, *(session.stage for session in sessions))):
        yield Fault(here, "The plan goes back to a stage that it had left.")


async def _led(act: Act, series_id: UUID) -> Record:
    """A series that the actor may lead on."""
    series = await act.find(GROUP_SERIES, series_id, "series_id", NO_SERIES)
    act.check_worker(series["leader_id"], "seriesId")
    return series


async def _enter(act: Act, series_id: UUID, stage: str, day: date, note: str | None) -> None:
    row = act.desk.owned(
        id=new_id(),
        series_id=series_id,
        stage=stage,
        entered_on=day,
        member_id=act.principal.member_id,
        note=note,
    )
    await insert_rows(act.transaction, table=GROUP_STAGE, rows=[row])


async def _plan(
    act: Act, series_id: UUID, sessions: Sequence[PlannedSessionDraft], *, taken: int
) -> None:
    rows = [
        act.desk.owned(
            id=new_id(),
            series_id=series_id,
            number=taken + place,
            stage=session.stage,
            planned_on=session.planned_on,
            theme=session.theme,
        )
        for place, session in enumerate(sessions, start=1)
    ]
    await insert_rows(act.transaction, table=PLANNED_SESSION, rows=rows)
