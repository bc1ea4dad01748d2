"""How figures and ratings become points, a score, a grade and what follows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from citywide.evaluation.words import Aspect, Consequence, RaterKind
from citywide.projects.words import Grade

# Points are kept in hundredths.
FULL = 100_00

# The usual weights of 执行, 产出, 效果 and 满意度 in evaluations of bought services.
ASPECT_WEIGHTS: Mapping[str, int] = {
    Aspect.EXECUTION: 10,
    Aspect.OUTPUTS: 50,
    Aspect.EFFECTS: 30,
    Aspect.SATISFACTION: 10,
}

# Whoever is neither paid nor paying weighs most; each rating shows the weight it was given.
RATER_WEIGHTS: Mapping[str, int] = {
    RaterKind.THIRD_PARTY: 40,
    RaterKind.TOWN_GOVERNMENT: 20,
    RaterKind.VILLAGE_COMMITTEE: 20,
    RaterKind.BUREAU: 20,
}

# From so many points on; below all of them it is a FAIL.
GRADES: Sequence[tuple[int, Grade]] = (
    (90_00, Grade.EXCELLENT),
    (80_00, Grade.GOOD),
    (60_00, Grade.PASS),
)

# What may be decided on a grade.
POSSIBLE: Mapping[Grade, frozenset[Consequence]] = {
    Grade.EXCELLENT: frozenset({Consequence.PRIORITY, Consequence.NONE}),
    Grade.GOOD: frozenset({Consequence.PRIORITY, Consequence.NONE}),
    Grade.PASS: frozenset({Consequence.RECTIFY, Consequence.NONE}),
    Grade.FAIL: frozenset({Consequence.RECTIFY, Consequence.BARRED}),
}


def thousandths(numerator: int | None, denominator: int | None, *, is_ratio: bool) -> int | None:
    """A figure in thousandths of its unit, halves away from zero; None: nothing to divide by."""
    if numerator is None:
        return None
    if not is_ratio:
        return 1_000 * numerator
    return _rounded(1_000 * numerator, denominator) if denominator else None


def achievement(actual: int, baseline: int, target: int) -> int:
    """How much of the way from baseline to target was gone, in hundredths of 100 points.

    The target lies on the better side of the baseline, so one formula does for both directions.
    """
    way, gone = target - baseline, actual - baseline
    if way < 0:
        way, gone = -way, -gone
    return max(0, min(FULL, _rounded(FULL * gone, way)))


def rated(ratings: Sequence[tuple[str, int, int]]) -> int | None:
    """What ratings (kind, points, weight) come to, in hundredths: raters of one kind are equal."""
    kinds: dict[str, list[int]] = defaultdict(list)
    weights = {kind: weight for kind, _, weight in ratings}
    for kind, points, _ in ratings:
        kinds[kind].append(points)
    if not kinds:
        return None
    # Exact: a common denominator instead of means of means.
    scale = 1
    for points_of_kind in kinds.values():
        scale *= len(points_of_kind)
    total = sum(weights[kind] * sum(found) * (scale // len(found)) for kind, found in kinds.items())
    return _rounded(100 * total, scale * sum(weights.values()))


def score(figures: Sequence[tuple[str, int, int]]) -> int | None:
    """Aspect, weight and points of each indicator as the card's score in hundredths.

    Aspects weigh as published, those that have no points not at all.
    """
    aspects: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for aspect, weight, points in figures:
        aspects[aspect].append((weight, points))
    if not aspects:
        return None
    scale = 1
    for found in aspects.values():
        scale *= sum(weight for weight, _ in found)
    total = sum(
        ASPECT_WEIGHTS[aspect]
        * sum(weight * points for weight, points in found)
        * (scale // sum(weight for weight, _ in found))
        for aspect, found in aspects.items()
    )
    return _rounded(total, scale * sum(ASPECT_WEIGHTS[aspect] for aspect in aspects))


def grade_of(hundredths: int) -> Grade:
    """The grade of a score."""
    return next((grade for least, grade in GRADES if hundredths >= least), Grade.FAIL)


def _rounded(numerator: int, denominator: int) -> int:
    """The quotient, halves away from zero."""
    sign = 1 if numerator >= 0 else -1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))
