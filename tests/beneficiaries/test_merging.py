"""Which rows go over in a merge: the pure rule, on made-up rows of every kind of table."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from citywide.beneficiaries.merging import Link, Row, links, movable
from citywide.beneficiaries.models import BENEFICIARY
from citywide.domain import METADATA
from citywide.rules.periods import Span

ATTENDANCE = Link("attendance", "beneficiary_id", (("service_record_id",),), period=None)
DATES = ("valid_from", "valid_until")
ENTITLEMENT = Link("entitlement", "beneficiary_id", (("category_id", "valid_from"),), period=DATES)
START = date(2015, 1, 1)


@st.composite
def rows(draw: st.DrawFn, first: int) -> list[dict[str, Any]]:
    """Rows of one person, with ids of their own, that do not stand in each other's way."""
    found: list[dict[str, Any]] = []
    for place in range(draw(st.integers(0, 6))):
        start = START + timedelta(days=draw(st.integers(0, 30)))
        length = draw(st.one_of(st.none(), st.integers(1, 30)))
        row = {
            "id": UUID(int=first + place),
            "service_record_id": draw(st.integers(0, 5)),
            "category_id": draw(st.integers(0, 2)),
            "valid_from": start,
            "valid_until": None if length is None else start + timedelta(days=length),
        }
        if all(movable(link, [row], found) for link in (ATTENDANCE, ENTITLEMENT)):
            found.append(row)
    return found


@given(rows(1), rows(100), st.sampled_from([ATTENDANCE, ENTITLEMENT]))
def test_after_a_merge_no_key_is_held_twice(
    going: list[dict[str, Any]], staying: list[dict[str, Any]], link: Link
) -> None:
    moved = movable(link, going, staying)
    together: list[Row] = [*staying, *(row for row in going if row["id"] in moved)]
    for place, row in enumerate(together):
        others = [*together[:place], *together[place + 1 :]]
        assert movable(link, [row], others) == [row["id"]]
    for one in together:
        for other in together:
            if one is not other and link is ENTITLEMENT:
                is_same = one["category_id"] == other["category_id"]
                spans = [Span(row["valid_from"], row["valid_until"]) for row in (one, other)]
                assert not (is_same and spans[0].overlaps(spans[1]))


@given(rows(1), rows(100), st.sampled_from([ATTENDANCE, ENTITLEMENT]))
def test_what_stays_behind_has_its_like_at_the_survivor(
    going: list[dict[str, Any]], staying: list[dict[str, Any]], link: Link
) -> None:
    moved = movable(link, going, staying)
    left = [row for row in going if row["id"] not in moved]
    for row in left:
        assert movable(link, [row], [*staying, *going[: going.index(row)]]) == []
    assert movable(link, going, []) == [row["id"] for row in going]


def test_every_row_about_a_person_is_linked_and_none_about_a_file() -> None:
    found = {(link.table, link.column) for link in links(METADATA, BENEFICIARY)}
    assert found >= {
        ("assessment", "beneficiary_id"),
        ("attendance", "beneficiary_id"),
        ("consent", "beneficiary_id"),
        ("enrolment", "beneficiary_id"),
        ("entitlement", "beneficiary_id"),
    }
    assert not {table for table, _ in found} & {"beneficiary", "classification", "file_merge"}
