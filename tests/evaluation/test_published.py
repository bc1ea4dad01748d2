"""Whoever sees aggregates only cannot get a small cell back, whatever they ask and how often."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import combinations, pairwise
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citywide.errors import Code
from evaluation.attack import NO_BOUND, left_open, possible
from oracle.figures import Cell, rounded
from walls.house import House

ANALYST, OFFICER = "bureau.analyst", "bureau.officer"
SMALL = 5
# What an attacker is left with: as many values are possible for each small cell.
FEWEST_VALUES = 3
FIGURES = """query ($from: Date, $until: Date) { metrics(measures: [CASE_COUNSELLING, HOME_HELP,
  SOCIAL_WORKER_TURNOUTS], by: AGENCY, where: { from: $from, until: $until }) {
  rows { keys { label } values { measure value } } } }"""
# Counted by hand: how much, and how many persons it is about.
BY_MONTH = """
SELECT t.name, r.kind, date_trunc('month', r.served_on)::date AS month, count(*) AS counted,
       count(DISTINCT a.beneficiary_id) AS persons
FROM service_record r JOIN attendance a ON a.tenant_id = r.tenant_id
 AND a.service_record_id = r.id AND a.role = 'BENEFICIARY'
JOIN tenant t ON t.tenant_id = r.tenant_id
WHERE r.status = 'CURRENT' AND r.kind IN ('HOME_HELP', 'CASE_SESSION') GROUP BY 1, 2, 3"""
MEASURES = {"CASE_COUNSELLING": "CASE_SESSION", "HOME_HELP": "HOME_HELP"}
MONTHS = [date(2014, 12, 1), *(date(2015, month, 1) for month in range(1, 13))]


def a_cell(counted: int, persons: int) -> Cell:
    people = {UUID(int=number) for number in range(persons)}
    return Cell({UUID(int=0): counted}, people)


ONE_TO_FOUR = st.integers(1, SMALL - 1)
SMALL_CELL = st.tuples(st.one_of(ONE_TO_FOUR, st.just(1), st.integers(1, 40)), ONE_TO_FOUR)
FULL_OR_NOT = st.one_of(ONE_TO_FOUR, st.just(4), st.just(1)).map(lambda persons: (persons, persons))
LARGE_CELL = st.tuples(st.integers(1, 60), st.just(SMALL))


@settings(max_examples=600, deadline=None)
@given(
    st.booleans().flatmap(
        lambda is_bounded: st.tuples(
            st.just(is_bounded),
            st.lists(FULL_OR_NOT if is_bounded else SMALL_CELL, min_size=1, max_size=24),
            st.lists(LARGE_CELL.filter(lambda cell: not is_bounded or cell[0] > 4), max_size=3),
            st.randoms(use_true_random=False),
        )
    )
)
def test_whatever_is_told_leaves_several_values_for_every_small_cell(
    drawn: tuple[bool, list[tuple[int, int]], list[tuple[int, int]], Random],
) -> None:
    """To one who knows all published cells, the rule, its order, and which cells there are."""
    is_bounded, small, large, chance = drawn
    every = [*small, *large]
    chance.shuffle(every)
    cells = {(number,): a_cell(*each) for number, each in enumerate(every)}
    told = rounded(cells, is_bounded=is_bounded)
    assert all(value >= 0 for _, value in told.values())
    total = sum(counted for counted, _ in every)
    reached = sum(value for _, value in told.values())
    if any(counted > 1 for counted, _ in large):
        assert reached == total
    assert -2 <= total - reached <= 10
    for key, values in left_open(cells, told, is_bounded=is_bounded).items():
        assert cells[key].total in values
        assert len(values) >= FEWEST_VALUES, (every, told)


@pytest.mark.parametrize(
    ("base", "start", "most", "counted", "given_away"),
    [
        # Sums in fives: four cells after a five that are told as nothing hold one each.
        (5, 0, NO_BOUND, [5, 1, 1, 1, 1, 5], 4),
        # Case counselling of an agency of the pilot, whose total is told: the last three.
        (5, 0, NO_BOUND, [2, 7, 1, 4, 3, 2, 3, 3, 1, 1, 1], 3),
        # Files in fives, or in sixes from nothing: cells that are full one after another.
        (5, 0, 4, [4, 4, 4, 4, 4, 1], 5),
        (6, 0, 4, [4, 4, 4, 1], 3),
    ],
)
def test_sums_that_are_rounded_less_carefully_are_solved(
    base: int, start: int, most: int, counted: list[int], given_away: int
) -> None:
    """What proves that the test above can fail."""
    sums, reached = [(0, 0)], start
    for each in counted:
        reached += each
        low = base * (reached // base) - start
        sums.append((low, low + base - 1))
    if counted[-1] == 1 and most == NO_BOUND:
        sums[-1] = (sum(counted), sum(counted))
    found = possible(sums, 1, most)
    assert all(each in values for each, values in zip(counted, found, strict=True))
    assert sum(len(values) == 1 for values in found) >= given_away


async def windows(house: House, user: str) -> Mapping[tuple[str, str, date, date], int | None]:
    """Each figure by agency of every stretch of months."""
    found: dict[tuple[str, str, date, date], int | None] = {}
    for first, until in combinations(MONTHS, 2):
        days = {"from": first.isoformat(), "until": until.isoformat()}
        for row in (await house.data(user, FIGURES, **days))["metrics"]["rows"]:
            for each in row["values"]:
                value = each["value"]
                found[row["keys"][0]["label"], each["measure"], first, until] = value
    return found


async def test_differences_of_periods_give_no_small_cell_back(planned: House) -> None:
    told = await windows(planned, ANALYST)
    small: Mapping[Any, int] = {
        (row["name"], row["kind"], row["month"]): row["counted"]
        for row in await planned.owner.fetch(BY_MONTH)
        if row["persons"] < SMALL
    }
    assert len(small) > 20
    found: dict[Any, set[int]] = {}
    for (name, measure, first, until), value in told.items():
        for month, after in pairwise(MONTHS):
            # The stretch without its first or its last month.
            others = [(after, until)] if month == first else []
            others += [(first, month)] if after == until else []
            for other in others:
                less = told.get((name, measure, *other))
                if measure in MEASURES and value is not None and less is not None:
                    key = name, MEASURES[measure], month
                    found.setdefault(key, set()).add(value - less)
    differences = {key: found[key] for key in small if key in found}
    assert len(differences) > 10
    for key, seen in differences.items():
        # Many ways of asking have one answer, a multiple of six: nothing to average out.
        assert len(seen) == 1, key
        is_last = key == max(each for each in small if each[:2] == key[:2])
        # The last one of an agency without a large cell also holds what its total leaves.
        assert seen.pop() % 6 == 0 or is_last
    for name, kind, month in small:
        measure = next(each for each in MEASURES if MEASURES[each] == kind)
        after = MONTHS[MONTHS.index(month) + 1]
        assert told.get((name, measure, month, after)) is None


async def test_totals_of_agencies_stay_what_they_are(planned: House) -> None:
    document = """{ metrics(measures: [CASE_COUNSELLING, HOME_HELP, VOLUNTEER_TURNOUTS, ASSESSMENTS,
      BENEFICIARIES_ON_FILE, GROUP_ACTIVITIES], by: AGENCY) { rows { values { value } } } }"""
    assert await planned.data(ANALYST, document) == await planned.data(OFFICER, document)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ('measures: HOME_HELP, where: { from: "2015-03-02" }', "first day of a month"),
        ('measures: HOME_HELP, where: { until: "2015-03-31" }', "first day of a month"),
        ("measures: BENEFICIARIES_ON_FILE, by: PROJECT", "cannot be split"),
        ("measures: HOME_HELP, by: MONTH", "previous needs"),
        (
            'measures: HOME_HELP, where: { from: "2015-03-01", until: "2015-03-01" }',
            "until after from",
        ),
    ],
)
async def test_what_an_analyst_may_not_ask_is_refused_in_a_sentence(
    planned: House, asked: str, sentence: str
) -> None:
    before = "previous" if "previous" in sentence or "until after" in sentence else ""
    document = f"{{ metrics({asked}) {{ rows {{ values {{ value {before} }} }} }} }}"
    refusal = await planned.refusal(ANALYST, document)
    assert refusal.code is Code.BAD_USER_INPUT
    assert sentence in refusal.message
