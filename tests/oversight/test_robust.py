"""The modified z-score, on generated figures."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.oversight.robust import FEWEST, SCALE, THRESHOLD, scores

figures = st.lists(st.integers(1, 10**9), min_size=FEWEST, max_size=40)


def plain(values: list[int]) -> list[Fraction] | None:
    """The definition, word by word, with exact numbers."""

    def middle(numbers: list[Fraction]) -> Fraction:
        ordered, half = sorted(numbers), len(numbers) // 2
        return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2

    exact = [Fraction(value) for value in values]
    centre = middle(exact)
    spread = middle([abs(value - centre) for value in exact])
    return [Fraction(SCALE) * (value - centre) / spread for value in exact] if spread else None


@given(figures)
def test_a_score_is_what_its_definition_says(values: list[int]) -> None:
    found, wanted = scores([float(value) for value in values]), plain(values)
    if wanted is None:
        assert found is None
    else:
        assert found == pytest.approx([float(score) for score in wanted], rel=1e-9, abs=1e-9)


@given(st.lists(st.integers(90, 110), min_size=FEWEST, max_size=20, unique=True))
def test_one_figure_far_out_is_seen_however_far_and_hides_no_other(values: list[int]) -> None:
    near, far = (scores([*map(float, values), figure]) for figure in (1e4, 1e9))
    assert near is not None
    assert far is not None
    assert min(near[-1], far[-1]) > THRESHOLD
    assert near[:-1] == far[:-1]


def test_few_figures_or_equal_ones_are_not_judged() -> None:
    assert scores([1.0] * (FEWEST - 2) + [9.0]) is None
    assert scores([5.0] * FEWEST + [900.0]) is None
