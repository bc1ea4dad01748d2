"""Who is due, on its own: over made-up files, sites and statuses."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from citywide.campaigns.closing import GapDraft, closing_faults
from citywide.campaigns.selection import Choice, Person, due
from citywide.campaigns.words import GapReason
from citywide.rules.periods import Span

DAY = date(2015, 10, 21)
NEAR = st.none() | st.integers(-3, 3).map(lambda days: DAY + timedelta(days=days))
KEYS = st.sampled_from([UUID(int=number) for number in range(1, 4)])
SPANS = st.builds(Span, NEAR, NEAR)
PERSONS = st.lists(
    st.builds(
        Person,
        st.uuids(),
        SPANS,
        KEYS,
        st.lists(st.tuples(KEYS, SPANS), max_size=3),
    ),
    max_size=6,
)
CHOICES = st.builds(Choice, st.frozensets(KEYS, max_size=2), st.frozensets(KEYS, max_size=2))


@given(PERSONS, CHOICES)
def test_due_is_exactly_who_meets_every_condition_on_the_day(
    persons: list[Person], choice: Choice
) -> None:
    expected = []
    for person in persons:
        held = {category for category, span in person.entitlements if span.covers(DAY)}
        if (
            person.file.covers(DAY)
            and (not choice.sites or person.site_id in choice.sites)
            and (not choice.categories or held & set(choice.categories))
        ):
            expected.append(person.beneficiary_id)
    assert due(persons, choice, day=DAY) == expected


@given(PERSONS, CHOICES, KEYS, KEYS)
def test_naming_more_never_takes_anybody_away(
    persons: list[Person], choice: Choice, category: UUID, site: UUID
) -> None:
    more = choice.with_more([category], [site])
    assert set(due(persons, choice, day=DAY)) <= set(due(persons, more, day=DAY))


@given(st.sets(KEYS), st.sets(KEYS), st.lists(KEYS, max_size=4))
def test_a_campaign_closes_exactly_when_every_gap_and_nothing_else_is_explained(
    missed: set[UUID], explained: set[UUID], given_now: list[UUID]
) -> None:
    gaps = [GapDraft(due_id=key, reason=GapReason.AWAY) for key in given_now]
    faults = list(closing_faults(gaps, missed=missed, explained=explained))
    is_complete = missed <= explained | set(given_now)
    is_right = set(given_now) <= missed and len(set(given_now)) == len(given_now)
    assert (faults == []) == (is_complete and is_right)
