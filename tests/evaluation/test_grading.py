"""Points, scores and grades beside fractions."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from citywide.evaluation.grading import (
    ASPECT_WEIGHTS,
    FULL,
    RATER_WEIGHTS,
    achievement,
    grade_of,
    rated,
    score,
)

SUMS = st.integers(-(10**6), 10**6)
ASPECTS = st.sampled_from(list(ASPECT_WEIGHTS))
KINDS = st.sampled_from(list(RATER_WEIGHTS))


@given(SUMS, SUMS, SUMS)
def test_points_run_from_the_baseline_to_the_target_whichever_way(
    actual: int, baseline: int, target: int
) -> None:
    if baseline == target:
        return
    points = achievement(actual, baseline, target)
    exact = FULL * Fraction(actual - baseline, target - baseline)
    assert abs(points - max(Fraction(0), min(Fraction(FULL), exact))) <= Fraction(1, 2)
    assert achievement(-actual, -baseline, -target) == points
    assert achievement(baseline, baseline, target) == 0
    assert achievement(target, baseline, target) == FULL


@given(st.lists(st.tuples(ASPECTS, st.integers(1, 100), st.integers(0, FULL)), max_size=12))
def test_a_score_is_the_weighted_mean_of_the_aspects_that_have_points(
    figures: list[tuple[str, int, int]],
) -> None:
    found = score(figures)
    present = {aspect for aspect, _, _ in figures}
    if not present:
        assert found is None
        return
    total = Fraction(0)
    for aspect in present:
        mine = [(weight, points) for of, weight, points in figures if of == aspect]
        mean = Fraction(sum(w * p for w, p in mine), sum(w for w, _ in mine))
        total += ASPECT_WEIGHTS[aspect] * mean
    assert found is not None
    exact = total / sum(ASPECT_WEIGHTS[aspect] for aspect in present)
    assert abs(found - exact) <= Fraction(1, 2)


@given(st.lists(st.tuples(KINDS, st.integers(0, 100)), max_size=12))
def test_raters_of_one_kind_are_equal_and_kinds_weigh_as_published(
    given_points: list[tuple[str, int]],
) -> None:
    found = rated([(kind, points, RATER_WEIGHTS[kind]) for kind, points in given_points])
    present = {kind for kind, _ in given_points}
    if not present:
        assert found is None
        return
    total = Fraction(0)
    for kind in present:
        mine = [points for of, points in given_points if of == kind]
        total += RATER_WEIGHTS[kind] * Fraction(sum(mine), len(mine))
    assert found is not None
    exact = 100 * total / sum(RATER_WEIGHTS[kind] for kind in present)
    assert abs(found - exact) <= Fraction(1, 2)


def test_grades_begin_where_the_field_says() -> None:
    wanted = {
        100_00: "EXCELLENT",
        90_00: "EXCELLENT",
        89_99: "GOOD",
        80_00: "GOOD",
        79_99: "PASS",
        60_00: "PASS",
        59_99: "FAIL",
        0: "FAIL",
    }
    assert {points: grade_of(points).name for points in wanted} == wanted
