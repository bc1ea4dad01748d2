"""Likeness of two persons: symmetric, reflexive, and narrow."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.beneficiaries.likeness import Identity, likeness

NAMES = st.text(alphabet="郑守田天畴王", min_size=1, max_size=4)
DAYS = st.dates(min_value=date(1920, 1, 1), max_value=date(1960, 12, 31))
IDENTITIES = st.builds(Identity, NAMES, DAYS)


@given(IDENTITIES, IDENTITIES)
def test_likeness_is_mutual(one: Identity, other: Identity) -> None:
    assert likeness(one, other) == likeness(other, one)


@given(IDENTITIES)
def test_everyone_is_like_themselves(one: Identity) -> None:
    assert likeness(one, one) == "NAME_AND_BIRTH"


@given(IDENTITIES, IDENTITIES)
def test_nobody_is_alike_who_differs_in_name_and_birth(one: Identity, other: Identity) -> None:
    if one.name != other.name and one.born_on != other.born_on:
        assert likeness(one, other) is None


@pytest.mark.parametrize(
    ("name", "born_on", "basis"),
    [
        ("郑守田", date(1931, 2, 3), "NAME_AND_BIRTH"),
        ("郑守天", date(1931, 2, 3), "BIRTH"),
        ("王守田", date(1931, 2, 3), None),
        ("郑守", date(1931, 2, 3), None),
        ("郑守田", date(1931, 3, 2), "NAME"),
        ("郑守田", date(1931, 2, 8), "NAME"),
        ("郑守田", date(1942, 2, 3), None),
    ],
)
def test_a_slip_of_the_pen_is_alike_and_more_is_not(
    name: str, born_on: date, basis: str | None
) -> None:
    assert likeness(Identity("郑守田", date(1931, 2, 3)), Identity(name, born_on)) == basis
