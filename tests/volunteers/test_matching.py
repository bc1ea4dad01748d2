"""Ranking volunteers: what speaks for somebody never speaks against them."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from citywide.volunteers.matching import (
    NEARNESS_POINTS,
    REST_POINTS,
    SKILL_POINTS,
    SLOT_POINTS,
    Candidate,
    Wanted,
    distance,
    propose,
    reasons,
)
from citywide.volunteers.words import PartOfDay, Weekday

SKILLS = [UUID(int=n) for n in range(1, 6)]
# A city, its two towns, and three communities in each.
AREAS = [
    (UUID(int=100), *deeper)
    for deeper in [
        (),
        *((UUID(int=t),) for t in (200, 300)),
        *((UUID(int=t), UUID(int=t + n)) for t in (200, 300) for n in (1, 2, 3)),
    ]
]
areas = st.sampled_from([(), *AREAS])
slots = st.tuples(st.sampled_from(Weekday), st.sampled_from(PartOfDay))
skills = st.frozensets(st.sampled_from(SKILLS))
wanteds = st.builds(Wanted, skills=skills, area=areas, slot=st.none() | slots)
candidates = st.builds(
    Candidate,
    volunteer_id=st.uuids(),
    skills=skills,
    area=areas,
    slots=st.frozensets(slots, max_size=6),
    minutes=st.integers(0, 3_000),
)
rolls = st.lists(candidates, max_size=12, unique_by=lambda each: each.volunteer_id)


def score(wanted: Wanted, candidate: Candidate) -> int:
    return propose(wanted, [candidate], 1)[0].score


@given(wanteds, candidates)
def test_a_score_is_the_sum_of_its_reasons_and_at_most_a_hundred(
    wanted: Wanted, candidate: Candidate
) -> None:
    [proposal] = propose(wanted, [candidate], 1)
    assert proposal.score == sum(reason.points for reason in reasons(wanted, candidate))
    assert 0 <= proposal.score <= 100
    assert SKILL_POINTS + NEARNESS_POINTS + SLOT_POINTS + REST_POINTS == 100
    assert all(reason.points > 0 and reason.text for reason in proposal.reasons)


@given(wanteds, candidates, st.integers(0, 3_000))
def test_who_gave_more_of_late_is_never_proposed_before_who_gave_less(
    wanted: Wanted, candidate: Candidate, more: int
) -> None:
    tired = replace(candidate, volunteer_id=UUID(int=7), minutes=candidate.minutes + more)
    assert score(wanted, tired) <= score(wanted, candidate)
    ranked = propose(wanted, [tired, candidate], 2)
    if more:
        assert ranked[0].candidate is candidate


@given(wanteds, candidates, skills, st.frozensets(slots, max_size=4))
def test_offering_more_never_costs_a_point(
    wanted: Wanted, candidate: Candidate, learnt: frozenset[UUID], free: frozenset[tuple[str, str]]
) -> None:
    better = replace(candidate, skills=candidate.skills | learnt, slots=candidate.slots | free)
    assert score(wanted, better) >= score(wanted, candidate)


@given(st.sampled_from(AREAS), st.sampled_from(AREAS), st.sampled_from(AREAS))
def test_distance_is_one_between_areas_of_a_tree(
    a: tuple[UUID, ...], b: tuple[UUID, ...], c: tuple[UUID, ...]
) -> None:
    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) is (a == b)
    assert distance(a, c) <= distance(a, b) + distance(b, c)


@given(wanteds, candidates, st.sampled_from(AREAS), st.sampled_from(AREAS))
def test_who_lives_nearer_is_never_worse_off(
    wanted: Wanted, candidate: Candidate, one: tuple[UUID, ...], other: tuple[UUID, ...]
) -> None:
    near, far = sorted((one, other), key=lambda area: distance(wanted.area, area))
    assert score(wanted, replace(candidate, area=near)) >= score(
        wanted, replace(candidate, area=far)
    )


@given(wanteds, rolls, st.integers(1, 12), st.randoms())
def test_the_order_of_the_roll_does_not_matter_and_the_first_are_the_best(
    wanted: Wanted, roll: list[Candidate], first: int, random: object
) -> None:
    whole = propose(wanted, roll, len(roll))
    shuffled = [*roll]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert propose(wanted, shuffled, first) == whole[:first]
    scores = [proposal.score for proposal in whole]
    assert scores == sorted(scores, reverse=True)
    assert {proposal.candidate for proposal in whole} == {*roll}


@given(candidates, areas)
def test_nothing_is_said_for_what_nobody_asked_about(
    candidate: Candidate, area: tuple[UUID, ...]
) -> None:
    kinds = {reason.kind for reason in reasons(Wanted(frozenset(), (), None), candidate)}
    assert kinds <= {"REST"}
    near = {reason.kind for reason in reasons(Wanted(frozenset(), area, None), candidate)}
    assert near <= {"REST", "NEARNESS"}
