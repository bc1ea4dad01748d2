"""Whoever sees aggregates only cannot get a small cell back, whatever they ask and how often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import combinations, pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citywide.errors import Code
from oracle.figures import Cell, Key, rounded
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


def possible(
    cells: Mapping[Key, Cell], told: Mapping[Key, tuple[bool, int]]
) -> Mapping[Key, tuple[int, int]]:
    """The least and the most that each small cell can be, for one who knows all that is told.

    The attacker knows the rule, the order and which cells are small, and solves for the sums up
    to each of them: all that bounds them are the fives that were told.
    """
    small = [key for key in sorted(cells) if len(cells[key].persons) < SMALL]
    has_large = len(small) < len(cells)
    total = sum(published for _, published in told.values())
    start = 0 if has_large else (4 - total % 5) // 2
    least, most, fives = [start], [start], 0
    for number, key in enumerate(small):
        is_last = number == len(small) - 1
        left = total % 5 if is_last and not has_large else 0
        fives += told[key][1] - left
        low, high = fives, fives + 4
        if is_last and not has_large:
            low = high = total + start
        least.append(max(low, least[-1]))
        most.append(high)
    # What comes later bounds what came before: sums never fall.
    for place in range(len(most) - 2, 0, -1):
        most[place] = min(most[place], most[place + 1])
    return {
        key: (max(0, least[n + 1] - most[n]), most[n + 1] - least[n]) for n, key in enumerate(small)
    }


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.integers(1, 12), st.integers(1, SMALL - 1)),
            st.tuples(st.integers(SMALL, 60), st.just(SMALL)),
        ),
        min_size=2,
        max_size=24,
    ).filter(lambda cells: sum(counted for counted, _ in cells) >= SMALL)
)
def test_whatever_is_told_leaves_several_values_for_every_small_cell(
    drawn: Sequence[tuple[int, int]],
) -> None:
    cells = {(number,): a_cell(*each) for number, each in enumerate(drawn)}
    told = rounded(cells)
    assert sum(published for _, published in told.values()) == sum(c for c, _ in drawn)
    for key, (least, most) in possible(cells, told).items():
        assert least <= cells[key].total <= most
        assert most - least + 1 >= FEWEST_VALUES, (drawn, told)


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
        # Many ways of asking have one answer, a multiple of five: nothing to average out.
        assert len(seen) == 1, key
        is_last = key == max(each for each in small if each[:2] == key[:2])
        # The last one of an agency without a large cell also holds what its total leaves.
        assert seen.pop() % 5 == 0 or is_last
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
