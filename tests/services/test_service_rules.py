"""Service records: the rules on their own, over drafts and what surrounds them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.rules.periods import Span
from citywide.services.drafts import KINDS, Group, ServiceDraft, Surroundings, service_faults

SERIES, UNFORMED, ELSEWHERE = (UUID(int=40 + number) for number in range(3))
TODAY = date(2015, 11, 11)
PROJECT, AREA = UUID(int=1), UUID(int=2)
PEOPLE = tuple(UUID(int=10 + number) for number in range(4))
WORKERS = tuple(UUID(int=20 + number) for number in range(3))
VOLUNTEERS = tuple(UUID(int=30 + number) for number in range(3))
YEAR = Span(date(2014, 12, 1), date(2015, 12, 1))
OPEN = Span(date(2015, 1, 5), None)
AROUND = Surroundings(
    projects={PROJECT: YEAR},
    agreements={PROJECT: YEAR},
    areas={AREA: Span(None, None)},
    files=dict.fromkeys(PEOPLE, OPEN),
    enrolments={(PROJECT, person): [OPEN] for person in PEOPLE},
    workers={worker: [Span(date(2014, 12, 1), None)] for worker in WORKERS},
    volunteers=dict.fromkeys(VOLUNTEERS, OPEN),
    series={
        SERIES: Group(PROJECT, date(2015, 2, 1)),
        UNFORMED: Group(PROJECT, None),
        ELSEWHERE: Group(UUID(int=99), date(2015, 2, 1)),
    },
)
GOOD = ServiceDraft(
    number="S-1",
    project_id=PROJECT,
    kind="GROUP_SESSION",
    medium="IN_PERSON",
    served_on=date(2015, 2, 7),
    duration_minutes=90,
    area_id=AREA,
    festival=None,
    title="写春联",
    note="围观的人很多。\n下次换大教室。",
    beneficiary_ids=PEOPLE,
    worker_ids=WORKERS[:2],
    volunteer_ids=VOLUNTEERS,
)


def paths(draft: ServiceDraft) -> list[tuple[str | int, ...]]:
    """Where the draft breaks a rule."""
    return [fault.path for fault in service_faults((), draft, AROUND, today=TODAY)]


def test_a_good_record_breaks_no_rule() -> None:
    assert paths(GOOD) == []


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"number": ""}, ("number",)),
        ({"title": "春联\u200b"}, ("title",)),
        ({"note": "a\u0000b"}, ("note",)),
        ({"note": "x" * 2001}, ("note",)),
        ({"kind": "PARTY"}, ("kind",)),
        ({"medium": "LETTER"}, ("medium",)),
        ({"duration_minutes": 0}, ("duration_minutes",)),
        ({"duration_minutes": 1441}, ("duration_minutes",)),
        ({"festival": "春节"}, ("festival",)),
        ({"area_id": UUID(int=99)}, ("area_id",)),
        ({"beneficiary_ids": ()}, ("beneficiary_ids",)),
        ({"beneficiary_ids": PEOPLE[:1]}, ("beneficiary_ids",)),
        ({"beneficiary_ids": PEOPLE[:2] + PEOPLE[:1]}, ("beneficiary_ids",)),
        ({"beneficiary_ids": (*PEOPLE, WORKERS[0])}, ("beneficiary_ids", 4)),
        ({"kind": "CASE_SESSION"}, ("beneficiary_ids",)),
        ({"kind": "HOME_HELP", "medium": "PHONE"}, ("medium",)),
        ({"worker_ids": ()}, ("worker_ids",)),
        ({"worker_ids": (WORKERS[0], PEOPLE[0])}, ("worker_ids", 1)),
        ({"volunteer_ids": (UUID(int=99),)}, ("volunteer_ids", 0)),
        ({"project_id": UUID(int=99)}, ("project_id",)),
        ({"place": "x" * 201}, ("place",)),
        ({"quantity": 2, "quantity_unit": "HOURS"}, ("quantity",)),
        ({"kind": "HOME_HELP", "quantity": 0, "quantity_unit": "HOURS"}, ("quantity",)),
        ({"kind": "HOME_HELP", "quantity": 1001, "quantity_unit": "HOURS"}, ("quantity",)),
        ({"kind": "HOME_HELP", "quantity": 2}, ("quantity_unit",)),
        ({"kind": "HOME_HELP", "quantity_unit": "ITEMS"}, ("quantity",)),
        ({"kind": "HOME_HELP", "quantity": 2, "quantity_unit": "MILES"}, ("quantity_unit",)),
        ({"kind": "VISIT", "series_id": SERIES}, ("series_id",)),
        ({"series_id": UUID(int=99)}, ("series_id",)),
        ({"series_id": UNFORMED}, ("series_id",)),
        ({"series_id": ELSEWHERE}, ("series_id",)),
    ],
)
def test_each_rule_is_broken_at_its_field(
    changes: dict[str, object], path: tuple[str | int, ...]
) -> None:
    assert paths(replace(GOOD, **changes)) == [path]  # type: ignore[arg-type]


@given(st.dates(date(2014, 1, 1), date(2016, 12, 31)))
def test_a_service_lies_within_the_project_the_files_and_the_past(day: date) -> None:
    allowed = date(2015, 1, 5) <= day <= TODAY
    assert (paths(replace(GOOD, served_on=day)) == []) == allowed


def test_help_at_home_is_measured_and_a_group_session_belongs_to_a_series() -> None:
    measured = replace(GOOD, kind="HOME_HELP", quantity=2, quantity_unit="HOURS", place="家中")
    assert paths(measured) == []
    assert paths(replace(GOOD, series_id=SERIES)) == []


@given(st.dates(date(2014, 12, 1), date(2015, 11, 11)))
def test_a_service_lies_within_the_agreement_though_its_project_runs_on(day: date) -> None:
    shorter = replace(AROUND, agreements={PROJECT: Span(date(2014, 12, 1), date(2015, 6, 1))})
    found = service_faults((), replace(GOOD, served_on=day), shorter, today=TODAY)
    assert (("served_on",) in [fault.path for fault in found]) == (day >= date(2015, 6, 1))


@given(st.sampled_from(KINDS), st.integers(0, 4))
def test_the_number_of_persons_fits_the_kind(kind: str, served: int) -> None:
    least, most = {"CASE_SESSION": (1, 1), "GROUP_SESSION": (2, 4)}.get(kind, (1, 4))
    draft = replace(GOOD, kind=kind, beneficiary_ids=PEOPLE[:served])
    assert (paths(draft) == []) == (least <= served <= most)


def test_a_person_outside_the_project_cannot_be_served_by_it() -> None:
    late = replace(AROUND, enrolments={})
    found = list(service_faults((), GOOD, late, today=TODAY))
    assert [fault.path for fault in found] == [("beneficiary_ids", place) for place in range(4)]


def test_a_closed_file_and_an_ended_role_are_noticed() -> None:
    ended = Span(date(2015, 1, 5), GOOD.served_on)
    around = replace(
        AROUND,
        files={**AROUND.files, PEOPLE[3]: ended},
        workers={**AROUND.workers, WORKERS[1]: [ended]},
    )
    found = {fault.path for fault in service_faults((), GOOD, around, today=TODAY)}
    assert found == {("beneficiary_ids", 3), ("worker_ids", 1)}
