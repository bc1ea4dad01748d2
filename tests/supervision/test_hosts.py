"""The rotation of hosts on its own: fair whatever happened before."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from citywide.supervision.hosts import Colleague, Hosted, next_host, reason, turns
from citywide.supervision.words import HostReason

START = date(2015, 1, 1)
STAFF = [Colleague(UUID(int=number), f"worker{number}") for number in range(1, 14)]
MEMBERS = st.lists(st.sampled_from(STAFF), min_size=1, unique=True)
HISTORY = st.lists(
    st.builds(
        Hosted,
        member_id=st.sampled_from([each.member_id for each in STAFF]),
        on=st.dates(START, START + timedelta(days=300)),
    ),
    max_size=30,
)
NEXT_YEAR = START + timedelta(days=365)


def hosted(history: list[Hosted], members: list[Colleague], count: int) -> list[UUID]:
    """Who hosts the next salons, one a day."""
    past, found = list(history), []
    for number in range(count):
        turn = next_host(past, members)
        assert turn is not None
        found.append(turn.member_id)
        past.append(Hosted(turn.member_id, NEXT_YEAR + timedelta(days=number)))
    return found


@given(HISTORY, MEMBERS)
def test_whatever_was_before_everybody_hosts_once_before_anybody_hosts_again(
    history: list[Hosted], members: list[Colleague]
) -> None:
    size = len(members)
    found = hosted(history, members, 2 * size)
    assert sorted(found[:size]) == sorted(each.member_id for each in members)
    assert found[:size] == found[size:]


@given(MEMBERS, st.integers(1, 40))
def test_from_the_beginning_nobody_is_more_than_one_ahead(
    members: list[Colleague], count: int
) -> None:
    times = Counter(hosted([], members, count))
    all_times = [times[each.member_id] for each in members]
    assert max(all_times) - min(all_times) <= 1


@given(HISTORY, MEMBERS)
def test_the_next_host_hosted_longest_ago_then_fewest_then_comes_first_on_the_roll(
    history: list[Hosted], members: list[Colleague]
) -> None:
    first, *others = turns(history, members)
    order = {each.member_id: each.roll_order for each in members}
    for other in others:
        assert (first.last_on or date.min, first.times, order[first.member_id]) < (
            other.last_on or date.min,
            other.times,
            order[other.member_id],
        )


@given(HISTORY, MEMBERS, st.randoms())
def test_the_order_in_which_things_are_told_does_not_matter(
    history: list[Hosted], members: list[Colleague], chance: object
) -> None:
    shuffled, staff = list(history), list(members)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    chance.shuffle(staff)  # type: ignore[attr-defined]
    assert turns(shuffled, staff) == turns(history, members)


@given(HISTORY, MEMBERS)
def test_who_left_is_passed_over(history: list[Hosted], members: list[Colleague]) -> None:
    assert {turn.member_id for turn in turns(history, members)} == {
        each.member_id for each in members
    }


def test_the_reason_is_what_decided() -> None:
    one, two = STAFF[0].member_id, STAFF[1].member_id
    early, late = START, START + timedelta(days=7)
    cases = {
        HostReason.NEVER_HOSTED: [Hosted(two, early)],
        HostReason.LONGEST_AGO: [Hosted(one, early), Hosted(two, late)],
        HostReason.FEWEST_TIMES: [Hosted(one, late), Hosted(two, late), Hosted(two, early)],
        HostReason.ROLL_ORDER: [Hosted(one, late), Hosted(two, late)],
    }
    for expected, history in cases.items():
        rotation = turns(history, STAFF[:2])
        assert rotation[0].member_id == one
        assert reason(rotation) is expected


def test_the_roll_counts_as_people_do() -> None:
    assert [turn.member_id.int for turn in turns([], STAFF)] == list(range(1, 14))
    assert next_host([], []) is None
