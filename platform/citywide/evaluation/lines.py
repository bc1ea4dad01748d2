"""The lines of a scorecard: an indicator as it was when the card was opened, and its points."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from sqlalchemy import select

from citywide.acts.act import Act
from citywide.evaluation.actual import RATIOS, denominator, numerator, operation_of
from citywide.evaluation.grading import achievement, rated, thousandths
from citywide.evaluation.models import SCORECARD_FIGURE, SCORECARD_RATING, IndicatorRow
from citywide.graph.declare import CATALOGUE
from citywide.ids import NO_TENANT, NodeId
from citywide.rules.periods import Span

# What a line keeps of its indicator, whatever becomes of that later.
_COPIED = (
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


def line_of(indicator: IndicatorRow, period: Span) -> dict[str, Any]:
    """A line of a card: the indicator as it is now, and the operation that tells its figure."""
    copied: dict[str, Any] = {**indicator}
    operation, variables = None, None
    if indicator["measure"] is not None:
        given = {
            "agencies": [_outside("Agency", indicator["tenant_id"], indicator["tenant_id"])],
            "from": str(period.start),
            "until": str(period.end),
        }
        project_id, area_id = indicator["project_id"], indicator["area_id"]
        if project_id is not None:
            given["projects"] = [_outside("Project", indicator["tenant_id"], project_id)]
        if area_id is not None:
            given["areas"] = [_outside("Area", NO_TENANT, area_id)]
        operation = operation_of(
            indicator["measure"],
            by_project=project_id is not None,
            by_area=area_id is not None,
        )
        variables = json.dumps(given, sort_keys=True)
    return {
        "indicator_id": indicator["id"],
        "valid_from": period.start,
        "valid_until": period.end,
        "operation": operation,
        "variables": variables,
        **{name: copied[name] for name in _COPIED},
    }


def _outside(type_name: str, tenant_id: UUID, row_id: UUID) -> str:
    return NodeId(CATALOGUE.entities[type_name].tag, tenant_id, row_id).encode()


async def fill(act: Act, card_id: UUID) -> list[tuple[str, int, int]]:
    """Compute every line of a card; aspect, weight and points of those that have points."""
    line = SCORECARD_FIGURE
    ratings = await act.rows(SCORECARD_RATING, scorecard_id=card_id)
    counted = select(line, numerator(line).label("counted"), denominator(line).label("divided"))
    found: list[tuple[str, int, int]] = []
    for row in await act.select(counted.where(line.c.scorecard_id == card_id), line):
        if row["measure"] is None:
            mine = [each for each in ratings if each["figure_id"] == row["id"]]
            points = rated([(r["rater_kind"], r["points"], r["weight"]) for r in mine])
            values = {"points_hundredths": points}
        else:
            points = _earned(row)
            values = {
                "numerator": row["counted"],
                "denominator": row["divided"],
                "points_hundredths": points,
            }
        if any(row[name] != value for name, value in values.items()):
            await act.update(line, row, **values)
        if points is not None:
            found.append((row["aspect"], row["weight"], points))
    return found


def _earned(row: Any) -> int | None:
    """The points of a counted line; None where there is nothing to divide by."""
    is_ratio = row["measure"] in RATIOS
    actual = thousandths(row["counted"], row["divided"], is_ratio=is_ratio)
    if actual is None:
        return None
    return achievement(actual, row["baseline_thousandths"], row["target_thousandths"])
