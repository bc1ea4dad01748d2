"""An analyst's questions, whatever they are and however many, give no small cell away."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import combinations
from random import SystemRandom

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from evaluation.attack import (
    ANALYST,
    MONTHS,
    Fact,
    Question,
    Truth,
    ask,
    determined,
    left_open,
    overlapping,
)
from oracle.figures import PUBLISHED, UNITS, grids
from walls.house import House

OFFICER = "bureau.officer"
SMALL = 5
FEWEST_VALUES = 3
ATTACKS, MANY_ATTACKS = 6, 400
SEED = int(os.environ.get("CITYWIDE_SEED", SystemRandom().randrange(2**32)))
QUIET = settings(
    max_examples=ATTACKS,
    derandomize=True,
    # An attack that succeeds is told as it is: making it smaller asks for minutes.
    phases=(Phase.generate,),
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def truth(planned: House) -> Truth:
    """What the attacker is after."""
    return await Truth.read(planned)


def test_to_one_who_knows_every_published_cell_each_small_one_stays_open(truth: Truth) -> None:
    """All that any answers can tell, together; the values are solved for exactly."""
    count = 0
    for measure in PUBLISHED:
        is_bounded = UNITS[measure] == "PERSONS"
        for mine in grids(truth.names(measure), truth.cells(measure)):
            for key, values in left_open(mine, truth.told(measure), is_bounded=is_bounded).items():
                assert mine[key].total in values
                assert len(values) >= FEWEST_VALUES, (measure, key)
                count += 1
    assert count > 150


@QUIET
@given(data=st.data())
async def test_overlapping_questions_give_no_small_cell_away(
    planned: House, truth: Truth, data: st.DataObject
) -> None:
    await attack(planned, truth, overlapping(data.draw, truth))


@pytest.mark.long
@seed(SEED)
@settings(QUIET, max_examples=MANY_ATTACKS, derandomize=False)
@given(data=st.data())
async def test_many_overlapping_questions_give_no_small_cell_away(
    planned: House, truth: Truth, data: st.DataObject
) -> None:
    await attack(planned, truth, overlapping(data.draw, truth))


async def attack(house: House, truth: Truth, questions: Sequence[Question]) -> None:
    """Each answer is a sum of published cells, and no more than these can be solved for."""
    answers = await ask(house, ANALYST, questions)
    facts: dict[str, list[Fact]] = {}
    for question, answer in zip(questions, answers, strict=True):
        told = truth.told(question.measure)
        rows = truth.rows(question)
        assert answer.keys() <= rows.keys() | {()}, question
        for shown, asked in rows.items():
            cells = frozenset(asked & told.keys())
            value = answer.get(shown)
            large = [key for key in cells if not told[key][0]]
            up = [key for key in cells if told[key][0] and told[key][1] > 0]
            is_whole = {*question.by} <= {"AGENCY"} and {*question.where} <= {"agencies"}
            if not is_whole and not large and len(up) < 2:
                # Neither what is small nor its being there.
                assert value is None, (question, shown)
            elif cells:
                assert value == sum(told[key][1] for key in cells), (question, shown)
                facts.setdefault(question.measure, []).append((cells, int(value)))
    for measure, known in facts.items():
        for key, value in determined(known, 0).items():
            assert value == truth.told(measure)[key][1], (measure, key)


async def found_by(house: House, truth: Truth, kept: str) -> int:
    """How many small cells the attack finds where as much is kept from it."""
    user, least = (ANALYST, 0) if kept == "small cells" else (OFFICER, 1)
    found = 0
    for measure in ("HOME_HELP", "ASSESSMENTS"):
        splits = sorted(PUBLISHED[measure] - {"QUARTER", "YEAR", "KIND", "PROJECT"})
        questions = [
            Question(measure, by, where)
            for size in range(len(splits) + 1)
            for by in combinations(splits, size)
            for where in ({}, {"from": MONTHS[3]})
        ]
        cells, small = truth.cells(measure), truth.small(measure)
        facts: list[Fact] = []
        for question, answer in zip(questions, await ask(house, user, questions), strict=True):
            for shown, asked in truth.rows(question).items():
                persons = {person for key in asked for person in cells[key].persons}
                is_left_out = kept == "small answers" and len(persons) < SMALL
                if (value := answer.get(shown)) is not None and not is_left_out:
                    facts.append((asked, int(value)))
        values = determined(facts, least)
        if user == OFFICER:
            # What follows from sums as they are is true.
            assert all(cells[key].total == value for key, value in values.items())
        found += sum(values.get(key) == small[key] for key in small)
    return found


async def test_the_attack_finds_small_cells_unless_they_are_rounded(
    planned: House, truth: Truth
) -> None:
    """What proves that the tests above can fail."""
    found = {
        kept: await found_by(planned, truth, kept)
        for kept in ("nothing", "small answers", "small cells")
    }
    # Left out where they stand alone, and found all the same.
    assert found["nothing"] > 25
    assert found["small answers"] > 5
    assert found["small cells"] == 0


async def test_two_measures_of_the_same_cells_are_told_alike(planned: House, truth: Truth) -> None:
    """Where a worker goes to each person alone; two roundings of one value would bound it twice."""
    kinds = {"CASE_COUNSELLING": "CASE_SESSION", "HOME_HELP": "HOME_HELP"}
    count = 0
    for measure, kind in kinds.items():
        for agency in truth.values(measure, "AGENCY"):
            where = {"agencies": (agency,), "kinds": (kind,)}
            pair = [Question(each, (), where) for each in (measure, "SOCIAL_WORKER_TURNOUTS")]
            one, two = (
                {key: truth.cells(each.measure)[key].total for key in truth.rows(each)[()]}
                for each in pair
            )
            if one != two:
                continue
            count += 1
            for by in ((), ("MONTH",), ("AREA", "MONTH"), ("AREA", "PROJECT", "MONTH")):
                asked = [Question(each.measure, by, where) for each in pair]
                told = await ask(planned, ANALYST, asked)
                assert told[0] == told[1]
    assert count
