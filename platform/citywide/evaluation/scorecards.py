"""Use cases of scorecards: opened, evaluated by the agency itself, rated, graded and frozen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from asyncpg import Record
from sqlalchemy import select

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows, of_tenant, rows_with
from citywide.acts.problems import wrong_state
from citywide.errors import Fault, refuse
from citywide.evaluation.actual import RATIOS, denominator, numerator, operation_of
from citywide.evaluation.grading import (
    POSSIBLE,
    RATER_WEIGHTS,
    Consequence,
    Stage,
    achievement,
    grade_of,
    rated,
    score,
    thousandths,
)
from citywide.evaluation.models import (
    INDICATOR,
    INDICATOR_ANCHOR,
    SCORECARD,
    SCORECARD_FIGURE,
    SCORECARD_RATING,
)
from citywide.graph.declare import CATALOGUE
from citywide.graph.mutate import asked, mutation
from citywide.ids import NO_TENANT, NodeId, new_id
from citywide.projects.words import Grade
from citywide.rules.periods import Span, period_faults
from citywide.rules.texts import NAME_LENGTH, NOTE_LENGTH, text_faults
from citywide.tenancy.models import AGREEMENT

_NO_CARD = "There is no scorecard with this id."


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardDraft:
    """A stretch of an agreement that is judged."""

    agreement_id: Annotated[NodeId, asked("The agreement.", of="Agreement")]
    valid_from: Annotated[date, asked("First day that counts.")]
    valid_until: Annotated[date, asked("First day that does not.")]


@mutation(gives="Scorecard")
async def open_scorecard(act: Act, draft: ScorecardDraft) -> UUID:
    """Open the scorecard of a period, with the agreement's indicators as they are now."""
    act.move_to(draft.agreement_id.tenant_id)
    message = "There is no agreement with this id."
    agreement = await act.find(AGREEMENT, draft.agreement_id.row_id, "agreement_id", message)
    await act.serialise(agreement["id"])
    indicators = await _of(act, INDICATOR.c.agreement_id, agreement["id"])
    cards = await _of(act, SCORECARD.c.agreement_id, agreement["id"])
    faults = [*period_faults((), draft.valid_from, draft.valid_until)]
    whole = Span(agreement["valid_from"], agreement["valid_until"])
    if not whole.covers(draft.valid_from) or draft.valid_until > agreement["valid_until"]:
        faults.append(Fault(("valid_from",), "The period lies outside of the agreement."))
    if not indicators:
        faults.append(Fault(("agreement_id",), "Define what the agreement is judged by first."))
    span = Span(draft.valid_from, draft.valid_until)
    if any(span.overlaps(Span(row["valid_from"], row["valid_until"])) for row in cards):
        faults.append(Fault(("valid_from",), "Another scorecard shares days with this one."))
    refuse(faults)
    card_id = new_id()
    row = act.desk.owned(
        id=card_id,
        agreement_id=agreement["id"],
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
        stage=Stage.OPEN.value,
        opened_on=act.desk.today,
    )
    await insert_rows(act.transaction, table=SCORECARD, rows=[row])
    rows = [_figure(act, card_id, draft, indicator) for indicator in indicators]
    await insert_rows(act.transaction, table=SCORECARD_FIGURE, rows=rows)
    await _fill(act, card_id)
    return card_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfEvaluation:
    """What the agency says of its own work."""

    scorecard_id: Annotated[UUID, asked("The scorecard.", of="Scorecard")]
    version: Annotated[int, asked("The version you read.")]
    text: Annotated[str, asked("What was done, what was not, and why.")]
    evidence: Annotated[str, asked("What shows it, and where that is kept.")]


@mutation(gives="Scorecard")
async def self_evaluate_scorecard(act: Act, said: SelfEvaluation) -> UUID:
    """Say as the agency how the work went; until it is graded it may be said anew."""
    card = await act.find(SCORECARD, said.scorecard_id, "scorecard_id", _NO_CARD)
    _check_stage(card, Stage.OPEN, Stage.SELF_EVALUATED)
    refuse(
        [
            *text_faults(("text",), said.text, longest=NOTE_LENGTH, lines=True),
            *text_faults(("evidence",), said.evidence, longest=NOTE_LENGTH, lines=True),
        ]
    )
    values = {
        "stage": Stage.SELF_EVALUATED.value,
        "self_evaluation": said.text,
        "self_evidence": said.evidence,
    }
    await act.update(SCORECARD, card, values, version=said.version)
    return said.scorecard_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """One rater's points for one rated indicator."""

    figure_id: Annotated[NodeId, asked("The card's line.", of="ScorecardFigure")]
    rater_kind: Annotated[str, asked("As what they rate.", enum="RaterKind")]
    rater: Annotated[str, asked("Who rates: an institute, an office, a committee.")]
    points: Annotated[int, asked("The points of one of the scale's anchors.")]
    reason: Annotated[str, asked("What they found.")]


@mutation(gives="ScorecardRating")
async def rate_scorecard(act: Act, rating: Rating) -> UUID:
    """Record what a rater gave; raters are no members, so they are named."""
    act.move_to(rating.figure_id.tenant_id)
    message = "There is no line of a scorecard with this id."
    figure = await act.find(SCORECARD_FIGURE, rating.figure_id.row_id, "figure_id", message)
    card = await act.find(SCORECARD, figure["scorecard_id"], "figure_id", _NO_CARD)
    _check_stage(card, Stage.SELF_EVALUATED)
    await act.serialise(card["id"])
    anchors = await _of(act, INDICATOR_ANCHOR.c.indicator_id, figure["indicator_id"])
    earlier = await _of(act, SCORECARD_RATING.c.scorecard_id, card["id"])
    faults = [
        *text_faults(("rater",), rating.rater, longest=2 * NAME_LENGTH),
        *text_faults(("reason",), rating.reason, longest=NOTE_LENGTH, lines=True),
    ]
    points = sorted(row["points"] for row in anchors)
    if not anchors:
        faults.append(Fault(("figure_id",), "This indicator is counted, not rated."))
    elif rating.points not in points:
        scale = ", ".join(map(str, points))
        faults.append(Fault(("points",), f"The scale has anchors at {scale}."))
    same = (figure["id"], rating.rater_kind, rating.rater)
    if same in {(row["figure_id"], row["rater_kind"], row["rater"]) for row in earlier}:
        faults.append(Fault(("rater",), "This rater has rated this already."))
    refuse(faults)
    row = act.desk.owned(
        id=new_id(),
        scorecard_id=card["id"],
        figure_id=figure["id"],
        rater_kind=rating.rater_kind,
        rater=rating.rater,
        points=rating.points,
        weight=RATER_WEIGHTS[rating.rater_kind],
        reason=rating.reason,
        rated_on=act.desk.today,
    )
    [rating_id] = await insert_rows(act.transaction, table=SCORECARD_RATING, rows=[row])
    return rating_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CardStep:
    """A step of a scorecard."""

    scorecard_id: Annotated[NodeId, asked("The scorecard.", of="Scorecard")]
    version: Annotated[int, asked("The version you read.")]


@mutation(gives="Scorecard")
async def grade_scorecard(act: Act, step: CardStep) -> UUID:
    """Compute figures, points, score and grade; until it is frozen it may be graded anew."""
    act.move_to(step.scorecard_id.tenant_id)
    card = await act.find(SCORECARD, step.scorecard_id.row_id, "scorecard_id", _NO_CARD)
    _check_stage(card, Stage.SELF_EVALUATED, Stage.GRADED)
    act.check_version(card, step.version)
    if card["valid_until"] > act.desk.today:
        raise wrong_state(f"The period runs until {card['valid_until']}.", "scorecardId")
    await act.serialise(card["id"])
    found = await _fill(act, card["id"])
    total = score([each for each in found if each is not None])
    if total is None:
        raise wrong_state("Nothing was counted or rated yet: there is no score.", "scorecardId")
    values = {
        "stage": Stage.GRADED.value,
        "score_hundredths": total,
        "grade": grade_of(total).value,
        "graded_on": act.desk.today,
    }
    await act.update(SCORECARD, card, values, version=step.version)
    card_id: UUID = card["id"]
    return card_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What follows from a grade."""

    scorecard_id: Annotated[NodeId, asked("The scorecard.", of="Scorecard")]
    version: Annotated[int, asked("The version you read.")]
    consequence: Annotated[str, asked("What follows.", enum="Consequence")]
    reason: Annotated[str, asked("Why.")]
    rectify_by: Annotated[date | None, asked("By when it must be put right.")] = None


@mutation(gives="Scorecard")
async def freeze_scorecard(act: Act, conclusion: Conclusion) -> UUID:
    """Decide what follows from the grade, and freeze the card with its figures."""
    act.move_to(conclusion.scorecard_id.tenant_id)
    card = await act.find(SCORECARD, conclusion.scorecard_id.row_id, "scorecard_id", _NO_CARD)
    _check_stage(card, Stage.GRADED)
    faults = [*text_faults(("reason",), conclusion.reason, longest=NOTE_LENGTH, lines=True)]
    possible = POSSIBLE[Grade[card["grade"]]]
    if conclusion.consequence not in possible:
        names = ", ".join(sorted(possible))
        faults.append(Fault(("consequence",), f"On {card['grade']} may follow {names}."))
    is_to_rectify = conclusion.consequence == Consequence.RECTIFY
    if is_to_rectify != (conclusion.rectify_by is not None):
        faults.append(Fault(("rectify_by",), "RECTIFY needs a day, and nothing else has one."))
    elif conclusion.rectify_by is not None and conclusion.rectify_by <= act.desk.today:
        faults.append(Fault(("rectify_by",), "The day must be still to come."))
    refuse(faults)
    values = {
        "stage": Stage.FROZEN.value,
        "consequence": conclusion.consequence,
        "consequence_reason": conclusion.reason,
        "rectify_by": conclusion.rectify_by,
        "frozen_on": act.desk.today,
    }
    await act.update(SCORECARD, card, values, version=conclusion.version)
    card_id: UUID = card["id"]
    return card_id


async def _of(act: Act, column: Any, row_id: UUID) -> Sequence[Record]:
    return await rows_with(act.transaction, desk=act.desk, column=column, values=[row_id])


def _check_stage(card: Record, *allowed: Stage) -> None:
    if card["stage"] not in allowed:
        names = " or ".join(allowed)
        raise wrong_state(
            f"The card is {card['stage']}; this is done while {names}.", "scorecardId"
        )


def _figure(act: Act, card_id: UUID, draft: ScorecardDraft, indicator: Record) -> dict[str, Any]:
    """A line of the card: the indicator as it is now, and the operation that tells its figure."""
    copied = (
        "name",
        "aspect",
        "weight",
        "measure",
        "project_id",
        "area_id",
        "direction",
        "baseline_thousandths",
        "target_thousandths",
    )
    operation, variables = None, None
    if indicator["measure"] is not None:
        by_project, by_area = indicator["project_id"] is not None, indicator["area_id"] is not None
        operation = operation_of(indicator["measure"], by_project=by_project, by_area=by_area)
        tenant_id = act.desk.tenant_id
        given = {
            "agencies": [_outside("Agency", tenant_id, tenant_id)],
            "from": draft.valid_from.isoformat(),
            "until": draft.valid_until.isoformat(),
        }
        if by_project:
            given["projects"] = [_outside("Project", tenant_id, indicator["project_id"])]
        if by_area:
            given["areas"] = [_outside("Area", NO_TENANT, indicator["area_id"])]
        variables = json.dumps(given, sort_keys=True)
    return act.desk.owned(
        id=new_id(),
        scorecard_id=card_id,
        indicator_id=indicator["id"],
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
        operation=operation,
        variables=variables,
        **{name: indicator[name] for name in copied},
    )


def _outside(type_name: str, tenant_id: UUID, row_id: UUID) -> str:
    return NodeId(CATALOGUE.entities[type_name].tag, tenant_id, row_id).encode()


async def _fill(act: Act, card_id: UUID) -> list[tuple[str, int, int] | None]:
    """Compute every line of a card: its aspect, weight and points, or None where it has none."""
    line = SCORECARD_FIGURE
    ratings = await _of(act, SCORECARD_RATING.c.scorecard_id, card_id)
    statement = select(
        line, numerator(line).label("counted"), denominator(line).label("divided")
    ).where(line.c.scorecard_id == card_id)
    found: list[tuple[str, int, int] | None] = []
    for row in await act.transaction.rows(of_tenant(statement, line, desk=act.desk)):
        values: dict[str, Any]
        if row["measure"] is None:
            mine = [each for each in ratings if each["figure_id"] == row["id"]]
            points = rated([(r["rater_kind"], r["points"], r["weight"]) for r in mine])
            values = {"points_hundredths": points}
        else:
            is_ratio = row["measure"] in RATIOS
            actual = thousandths(row["counted"], row["divided"], is_ratio=is_ratio)
            points = None
            if actual is not None:
                baseline, target = row["baseline_thousandths"], row["target_thousandths"]
                points = achievement(actual, baseline, target)
            values = {
                "numerator": row["counted"],
                "denominator": row["divided"],
                "points_hundredths": points,
            }
        if any(row[name] != value for name, value in values.items()):
            await act.update(SCORECARD_FIGURE, row, values)
        found.append(None if points is None else (row["aspect"], row["weight"], points))
    return found
