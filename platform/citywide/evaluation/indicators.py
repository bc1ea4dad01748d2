"""Use cases of indicators: the bureau says what an agreement is judged by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows, rows_with, tenant_rows
from citywide.errors import Fault, refuse
from citywide.evaluation.actual import INDICATED, may_split
from citywide.evaluation.grading import Direction
from citywide.evaluation.models import INDICATOR, INDICATOR_ANCHOR
from citywide.graph.mutate import asked, mutation
from citywide.ids import NodeId, new_id
from citywide.projects.models import PROJECT
from citywide.rules.texts import TITLE_LENGTH, text_faults
from citywide.tenancy.models import AGREEMENT

# More indicators than a sheet of paper has lines judge nothing.
MOST_INDICATORS = 40
# A scale that people can keep apart (Miller 1956: seven, plus or minus two).
FEWEST_ANCHORS, MOST_ANCHORS = 2, 9
HEAVIEST = 100
# A thousand million of a unit, in thousandths: more is a slip of the keyboard.
LARGEST_THOUSANDTHS = 10**12
NO_INDICATOR = "There is no indicator with this id."


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What a number of points means."""

    points: Annotated[int, asked("Points, 0 to 100.")]
    meaning: Annotated[str, asked("What earns them, so that two raters mean the same.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorDraft:
    """What an agreement is judged by: a measure with a target, or a scale with anchors."""

    agreement_id: Annotated[NodeId, asked("The agreement.", of="Agreement")]
    name: Annotated[str, asked("Its name, once in an agreement.")]
    aspect: Annotated[str, asked("What of the work it is about.", enum="Aspect")]
    weight: Annotated[int, asked("How much it weighs within its aspect, 1 to 100.")]
    measure: Annotated[
        str | None, asked("What is counted; leave it out for a rated one.", enum="Measure")
    ] = None
    project_id: Annotated[
        NodeId | None, asked("Only this project; all by default.", of="Project")
    ] = None
    area_id: Annotated[UUID | None, asked("Only this community; all by default.", of="Area")] = None
    direction: Annotated[
        str | None, asked("Which way the figure is better.", enum="IndicatorDirection")
    ] = None
    baseline_thousandths: Annotated[
        int | None, asked("The figure that earns nothing, in thousandths of the measure's unit.")
    ] = None
    target_thousandths: Annotated[
        int | None, asked("The figure that earns all points, in thousandths of the unit.")
    ] = None
    anchors: Annotated[tuple[Anchor, ...], asked("The scale of a rated one.")] = ()


@mutation(gives="Indicator")
async def define_indicator(act: Act, draft: IndicatorDraft) -> UUID:
    """Define what an agreement is judged by; what it comes to is computed, or rated on a scale."""
    act.move_to(draft.agreement_id.tenant_id)
    message = "There is no agreement with this id."
    agreement = await act.find(AGREEMENT, draft.agreement_id.row_id, "agreement_id", message)
    await act.serialise(agreement["id"])
    known = await rows_with(
        act.transaction, desk=act.desk, column=INDICATOR.c.agreement_id, values=[agreement["id"]]
    )
    faults = [
        *text_faults(("name",), draft.name, longest=TITLE_LENGTH),
        *weight_faults(draft.weight),
        *_measure_faults(draft),
    ]
    if draft.name in {row["name"] for row in known}:
        faults.append(Fault(("name",), "The agreement has an indicator of this name."))
    if len(known) >= MOST_INDICATORS:
        faults.append(Fault((), f"An agreement has at most {MOST_INDICATORS} indicators."))
    if draft.project_id is not None:
        asked_for = draft.project_id.row_id
        found = await tenant_rows(act.transaction, desk=act.desk, table=PROJECT, ids={asked_for})
        if asked_for not in found or found[asked_for]["agreement_id"] != agreement["id"]:
            faults.append(Fault(("project_id",), "The agreement has no such project."))
    refuse(faults)
    row = act.desk.owned(
        id=new_id(),
        agreement_id=agreement["id"],
        name=draft.name,
        aspect=draft.aspect,
        weight=draft.weight,
        measure=draft.measure,
        project_id=None if draft.project_id is None else draft.project_id.row_id,
        area_id=draft.area_id,
        direction=draft.direction,
        baseline_thousandths=draft.baseline_thousandths,
        target_thousandths=draft.target_thousandths,
    )
    [indicator_id] = await insert_rows(act.transaction, table=INDICATOR, rows=[row])
    anchors = [
        act.desk.owned(
            id=new_id(), indicator_id=indicator_id, points=each.points, meaning=each.meaning
        )
        for each in draft.anchors
    ]
    await insert_rows(act.transaction, table=INDICATOR_ANCHOR, rows=anchors)
    return indicator_id


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorRevision:
    """Another weight or target; cards that have it already keep what they have."""

    indicator_id: Annotated[NodeId, asked("The indicator.", of="Indicator")]
    version: Annotated[int, asked("The version you read.")]
    weight: Annotated[int | None, asked("The new weight, 1 to 100.")] = None
    baseline_thousandths: Annotated[int | None, asked("The new baseline, in thousandths.")] = None
    target_thousandths: Annotated[int | None, asked("The new target, in thousandths.")] = None


@mutation(gives="Indicator")
async def revise_indicator(act: Act, revision: IndicatorRevision) -> UUID:
    """Give an indicator another weight, baseline or target for the cards that are opened next."""
    act.move_to(revision.indicator_id.tenant_id)
    row = await act.find(INDICATOR, revision.indicator_id.row_id, "indicator_id", NO_INDICATOR)
    asked_for = {
        "weight": revision.weight,
        "baseline_thousandths": revision.baseline_thousandths,
        "target_thousandths": revision.target_thousandths,
    }
    values = {name: value for name, value in asked_for.items() if value is not None}
    faults = [*weight_faults(values.get("weight", row["weight"]))]
    if not values:
        faults.append(Fault((), "Say what is to change."))
    if row["measure"] is None and values.keys() - {"weight"}:
        faults.append(Fault(("target_thousandths",), "A rated indicator has no target."))
    elif row["measure"] is not None:
        whole = {**dict(row), **values}
        faults += target_faults(
            whole["direction"], whole["baseline_thousandths"], whole["target_thousandths"]
        )
    refuse(faults)
    await act.update(INDICATOR, row, values, version=revision.version)
    indicator_id: UUID = row["id"]
    return indicator_id


def weight_faults(weight: int) -> Iterator[Fault]:
    """A part of a hundred."""
    if not 1 <= weight <= HEAVIEST:
        yield Fault(("weight",), f"A weight is 1 to {HEAVIEST}.")


def target_faults(direction: str, baseline: int, target: int) -> Iterator[Fault]:
    """The target lies on the better side of the baseline."""
    for name, value in (("baseline_thousandths", baseline), ("target_thousandths", target)):
        if abs(value) > LARGEST_THOUSANDTHS:
            yield Fault((name,), f"At most {LARGEST_THOUSANDTHS} thousandths.")
    is_higher = direction == Direction.HIGHER_IS_BETTER
    if target == baseline or (target > baseline) != is_higher:
        side = "above" if is_higher else "below"
        yield Fault(("target_thousandths",), f"The target must lie {side} the baseline.")


def _measure_faults(draft: IndicatorDraft) -> Iterator[Fault]:
    numbers = (draft.direction, draft.baseline_thousandths, draft.target_thousandths)
    if draft.measure is None:
        if any(each is not None for each in numbers) or draft.project_id or draft.area_id:
            yield Fault(("measure",), "Without a measure there is nothing to have a target for.")
        yield from _anchor_faults(draft.anchors)
        return
    if draft.anchors:
        yield Fault(("anchors",), "What is counted is not rated on a scale.")
    if draft.measure not in INDICATED:
        yield Fault(("measure",), "Money is told where money is told; take another measure.")
        return
    for name, value, dimension in (
        ("project_id", draft.project_id, "PROJECT"),
        ("area_id", draft.area_id, "AREA"),
    ):
        if value is not None and not may_split(draft.measure, dimension):
            yield Fault((name,), f"{draft.measure} is not counted by {dimension.lower()}.")
    direction, baseline, target = numbers
    if direction is None or baseline is None or target is None:
        yield Fault(("direction",), "A measure needs a direction, a baseline and a target.")
    else:
        yield from target_faults(direction, baseline, target)


def _anchor_faults(anchors: tuple[Anchor, ...]) -> Iterator[Fault]:
    if not FEWEST_ANCHORS <= len(anchors) <= MOST_ANCHORS:
        message = f"A scale has {FEWEST_ANCHORS} to {MOST_ANCHORS} anchors."
        yield Fault(("anchors",), message)
    if len({each.points for each in anchors}) < len(anchors):
        yield Fault(("anchors",), "Two anchors have the same points.")
    for place, each in enumerate(anchors):
        if not 0 <= each.points <= HEAVIEST:
            yield Fault(("anchors", place, "points"), f"Points are 0 to {HEAVIEST}.")
        path = ("anchors", place, "meaning")
        yield from text_faults(path, each.meaning, longest=TITLE_LENGTH)
