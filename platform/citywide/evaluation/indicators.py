"""Use cases of indicators: the bureau says what an agreement is judged by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from citywide.acts.act import Act
from citywide.errors import Fault, refuse
from citywide.evaluation.actual import INDICATED, may_split
from citywide.evaluation.models import INDICATOR, INDICATOR_ANCHOR
from citywide.evaluation.words import Aspect, Dimension, IndicatorDirection, Measure
from citywide.graph.mutate import mutation
from citywide.ids import NodeId
from citywide.places.models import AREA
from citywide.projects.models import PROJECT
from citywide.rules.fields import LARGEST_WHOLE, draft, id_of, line, list_of, version, whole, word
from citywide.rules.texts import TITLE_LENGTH
from citywide.tenancy.models import AGREEMENT

# More indicators than a sheet of paper has lines judge nothing.
MOST_INDICATORS = 40
# A scale that people can keep apart (Miller 1956: seven, plus or minus two).
FEWEST_ANCHORS, MOST_ANCHORS = 2, 9
# Points and weights are parts of a hundred.
HUNDRED = 100
# Two million of a unit, in thousandths: what a whole number of the schema can tell.
LARGEST_THOUSANDTHS = LARGEST_WHOLE


def _thousandths(description: str) -> Any:
    """A figure that may be left out."""
    return whole(description, least=-LARGEST_THOUSANDTHS, most=LARGEST_THOUSANDTHS, default=None)


@draft
class Anchor:
    """What a number of points means."""

    points: int = whole("Points.", most=HUNDRED)
    meaning: str = line("What earns them, so that two raters mean the same.", TITLE_LENGTH)


@draft
class IndicatorDraft:
    """What an agreement is judged by: a measure with a target, or a scale with anchors."""

    agreement_id: NodeId = id_of("Agreement", "The agreement.")
    name: str = line("Its name, once in an agreement.", TITLE_LENGTH)
    aspect: Aspect = word("What of the work it is about.")
    weight: int = whole("How much it weighs within its aspect.", least=1, most=HUNDRED)
    measure: Measure | None = word("What is counted; leave it out for a rated one.", default=None)
    project_id: NodeId | None = id_of("Project", "Only this project; all by default.", default=None)
    area_id: UUID | None = id_of("Area", "Only this community; all by default.", default=None)
    direction: IndicatorDirection | None = word("Which way the figure is better.", default=None)
    baseline_thousandths: int | None = _thousandths(
        "The figure that earns nothing, in thousandths of the measure's unit."
    )
    target_thousandths: int | None = _thousandths(
        "The figure that earns all points, in thousandths of the unit."
    )
    anchors: tuple[Anchor, ...] = list_of(
        "The scale of a rated one.", most=MOST_ANCHORS, default=()
    )


@mutation(gives="Indicator")
async def define_indicator(act: Act, draft: IndicatorDraft) -> UUID:
    """Define what an agreement is judged by; what it comes to is computed, or rated on a scale."""
    agreement = await act.find(AGREEMENT, draft.agreement_id, "agreement_id")
    await act.serialise(agreement["id"])
    known = await act.rows(INDICATOR, agreement_id=agreement["id"])
    faults = [*_measure_faults(draft)]
    if draft.name in {row["name"] for row in known}:
        message = "The agreement has an indicator of this name."
        faults.append(Fault(("name",), message, "TAKEN"))
    if len(known) >= MOST_INDICATORS:
        faults.append(Fault((), f"An agreement has at most {MOST_INDICATORS} indicators."))
    project_id = None
    if draft.project_id is not None:
        project_id = draft.project_id.row_id
        if not await act.rows(PROJECT, id=project_id, agreement_id=agreement["id"]):
            faults.append(Fault(("project_id",), "The agreement has no such project."))
    refuse(faults)
    if draft.area_id is not None:
        await act.find(AREA, draft.area_id, "area_id")
    indicator_id = await act.insert(
        INDICATOR, draft, agreement_id=agreement["id"], project_id=project_id
    )
    for anchor in draft.anchors:
        await act.insert(INDICATOR_ANCHOR, anchor, indicator_id=indicator_id)
    return indicator_id


@draft
class IndicatorRevision:
    """Another weight or target; cards that have it already keep what they have."""

    indicator_id: NodeId = id_of("Indicator", "The indicator.")
    version: int = version()
    weight: int | None = whole("The new weight.", least=1, most=HUNDRED, default=None)
    baseline_thousandths: int | None = _thousandths("The new baseline, in thousandths.")
    target_thousandths: int | None = _thousandths("The new target, in thousandths.")


@mutation(gives="Indicator")
async def revise_indicator(act: Act, draft: IndicatorRevision) -> UUID:
    """Give an indicator another weight, baseline or target for the cards that are opened next."""
    row = await act.find(INDICATOR, draft.indicator_id, "indicator_id")
    weight, baseline, target = draft.weight, draft.baseline_thousandths, draft.target_thousandths
    if weight is baseline is target is None:
        refuse([Fault((), "Say what is to change.")])
    weight = row["weight"] if weight is None else weight
    baseline = row["baseline_thousandths"] if baseline is None else baseline
    target = row["target_thousandths"] if target is None else target
    if row["measure"] is not None:
        refuse(_target_faults(row["direction"], baseline, target))
    elif baseline is not None or target is not None:
        refuse([Fault(("target_thousandths",), "A rated indicator has no target.")])
    revised = {"baseline_thousandths": baseline, "target_thousandths": target}
    await act.update(INDICATOR, row, draft, weight=weight, **revised)
    return row["id"]


def _measure_faults(draft: IndicatorDraft) -> Iterator[Fault]:
    numbers = (draft.direction, draft.baseline_thousandths, draft.target_thousandths)
    if draft.measure is None:
        if any(each is not None for each in numbers) or draft.project_id or draft.area_id:
            yield Fault(("measure",), "Without a measure there is nothing to have a target for.")
        if len(draft.anchors) < FEWEST_ANCHORS:
            message = f"A scale has {FEWEST_ANCHORS} to {MOST_ANCHORS} anchors."
            yield Fault(("anchors",), message, "TOO_FEW", {"minItems": str(FEWEST_ANCHORS)})
        if len({each.points for each in draft.anchors}) < len(draft.anchors):
            yield Fault(("anchors",), "Two anchors have the same points.", "LISTED_TWICE")
        return
    if draft.anchors:
        yield Fault(("anchors",), "What is counted is not rated on a scale.")
    if draft.measure not in INDICATED:
        yield Fault(("measure",), "Money is told where money is told; take another measure.")
        return
    for name, value, dimension in (
        ("project_id", draft.project_id, Dimension.PROJECT),
        ("area_id", draft.area_id, Dimension.AREA),
    ):
        if value is not None and not may_split(draft.measure, dimension):
            yield Fault((name,), f"{draft.measure} is not counted by {dimension.lower()}.")
    yield from _target_faults(*numbers)


def _target_faults(
    direction: IndicatorDirection | None, baseline: int | None, target: int | None
) -> Iterator[Fault]:
    """The target lies on the better side of the baseline."""
    if direction is None or baseline is None or target is None:
        yield Fault(("direction",), "A measure needs a direction, a baseline and a target.")
        return
    is_higher = direction == IndicatorDirection.HIGHER_IS_BETTER
    if target == baseline or (target > baseline) != is_higher:
        side = "above" if is_higher else "below"
        yield Fault(("target_thousandths",), f"The target must lie {side} the baseline.")
