"""Service records: the rules that a record's own fields decide."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.rules.fields import faults_of
from citywide.services.recording import ServiceDraft, kind_faults
from citywide.services.words import Medium, QuantityUnit, ServiceKind

TODAY = date(2015, 11, 11)
PEOPLE = tuple(UUID(int=10 + number) for number in range(4))
WORKERS = tuple(UUID(int=20 + number) for number in range(3))
HELP = {"kind": ServiceKind.HOME_HELP, "quantity_unit": QuantityUnit.HOURS}
GOOD = ServiceDraft(
    number="S-1",
    project_id=UUID(int=1),
    kind=ServiceKind.GROUP_SESSION,
    medium=Medium.IN_PERSON,
    served_on=date(2015, 2, 7),
    duration_minutes=90,
    area_id=UUID(int=2),
    title="写春联",
    note="围观的人很多。\n下次换大教室。",
    beneficiary_ids=PEOPLE,
    worker_ids=WORKERS[:2],
    volunteer_ids=(UUID(int=30),),
)


def paths(**changes: Any) -> list[tuple[str | int, ...]]:
    """Where the draft breaks a rule; the fields' own are asked first."""
    draft = replace(GOOD, **changes)
    found = [*faults_of(draft, today=TODAY)] or [*kind_faults(draft)]
    return [fault.path for fault in found]


def test_a_good_record_breaks_no_rule() -> None:
    assert paths() == []


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"number": ""}, ("number",)),
        ({"number": "S\u0000"}, ("number",)),
        ({"number": "\ud800"}, ("number",)),
        ({"title": "春联\u200b"}, ("title",)),
        ({"note": "a\u0000b"}, ("note",)),
        ({"note": "x" * 2001}, ("note",)),
        ({"place": "x" * 201}, ("place",)),
        ({"served_on": date(2015, 11, 12)}, ("served_on",)),
        ({"duration_minutes": 0}, ("duration_minutes",)),
        ({"duration_minutes": 1441}, ("duration_minutes",)),
        ({"festival": "春节"}, ("festival",)),
        ({"kind": ServiceKind.VISIT, "festival": "圣诞"}, ("festival",)),
        ({"beneficiary_ids": ()}, ("beneficiary_ids",)),
        ({"beneficiary_ids": PEOPLE[:1]}, ("beneficiary_ids",)),
        ({"beneficiary_ids": PEOPLE[:2] + PEOPLE[:1]}, ("beneficiary_ids",)),
        ({"beneficiary_ids": tuple(UUID(int=n) for n in range(501))}, ("beneficiary_ids",)),
        ({"kind": ServiceKind.CASE_SESSION}, ("beneficiary_ids",)),
        ({"kind": ServiceKind.HOME_HELP, "medium": Medium.PHONE}, ("medium",)),
        ({"worker_ids": ()}, ("worker_ids",)),
        ({"volunteer_ids": PEOPLE[:1] * 2}, ("volunteer_ids",)),
        ({"quantity": 2, "quantity_unit": QuantityUnit.HOURS}, ("quantity",)),
        ({**HELP, "quantity": 0}, ("quantity",)),
        ({**HELP, "quantity": 1001}, ("quantity",)),
        ({**HELP, "quantity": 2, "quantity_unit": None}, ("quantity_unit",)),
        (HELP, ("quantity",)),
    ],
)
def test_each_rule_is_broken_at_its_field(
    changes: dict[str, object], path: tuple[str | int, ...]
) -> None:
    assert paths(**changes) == [path]


def test_help_at_home_is_measured_and_a_visit_may_be_of_a_festival() -> None:
    assert paths(**HELP, quantity=2, place="家中") == []
    assert paths(kind=ServiceKind.VISIT, festival="春节") == []


@given(st.sampled_from(ServiceKind), st.integers(0, 4))
def test_the_number_of_persons_fits_the_kind(kind: ServiceKind, served: int) -> None:
    least, most = {ServiceKind.CASE_SESSION: (1, 1), ServiceKind.GROUP_SESSION: (2, 4)}.get(
        kind, (1, 4)
    )
    found = paths(kind=kind, beneficiary_ids=PEOPLE[:served])
    assert (found == []) == (least <= served <= most)
