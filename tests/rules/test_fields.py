"""A field's rules are told in the schema and checked, each fault with a code and its figures."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.rules.fields import (
    LARGEST_FEN,
    UNSET,
    Unset,
    day,
    draft,
    faults_of,
    formed,
    ids_of,
    input_fields,
    line,
    list_of,
    money,
    paragraph,
    phone,
    version,
    whole,
)
from citywide.rules.values import EARLIEST_DAY, LATEST_DAY

TODAY = date(2015, 11, 11)
LONGEST = 12


@draft
class Part:
    """A part of something."""

    title: str = line("What it is.", LONGEST)
    weight: int = whole("How heavy it is.", least=1, most=9, default=1)


@draft
class Whole:
    """Something with every kind of rule."""

    title: str = line("What it is.", LONGEST)
    note: str | None = paragraph("What is said of it.", LONGEST, default=None)
    number: str | None = phone("Whom to call.", default=None)
    held_on: date = day("When it was.", past=True, default=TODAY)
    due_on: date | None = day("When it ends.", default=None)
    amount: int = money("What it costs.", default=1)
    members: tuple[UUID, ...] = ids_of("Member", "Who.", least=1, most=2, default=(UUID(int=1),))
    parts: tuple[Part, ...] = list_of("Its parts.", most=2, default=())
    code: str = formed("Its code.", "[a-z]{2,4}", "Two to four letters.", default="ab")
    signs: tuple[str, ...] = list_of("Its signs.", distinct=True, default=())
    name: str | Unset = line("Its name; left out: as it is.", LONGEST, default=UNSET)


def codes(**fields: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """The path and the code of everything that is wrong with a draft of these fields."""
    found = faults_of(Whole(**{"title": "任务", **fields}), today=TODAY)
    return [(fault.path, fault.code) for fault in found]


ALLOWED: list[dict[str, Any]] = [
    {},
    {"title": "买买提·吐尔逊"},
    {"title": "𠮷" * LONGEST},
    {"note": "一\n二"},
    {"number": "+86 (0577) 62-57"},
    {"held_on": TODAY},
    {"due_on": LATEST_DAY},
    {"amount": LARGEST_FEN},
    {"members": (UUID(int=1), UUID(int=2))},
    {"parts": (Part(title="一"), Part(title="二", weight=9))},
    {"name": "新名"},
    {"code": "abcd"},
    {"signs": ("a", "b")},
]
REFUSED: list[tuple[dict[str, Any], tuple[str | int, ...], str]] = [
    ({"title": ""}, ("title",), "BLANK"),
    ({"title": " 任务"}, ("title",), "BLANK"),
    ({"title": "务" * (LONGEST + 1)}, ("title",), "TOO_LONG"),
    ({"title": "任\n务"}, ("title",), "UNPRINTABLE"),
    ({"title": "任\0务"}, ("title",), "UNPRINTABLE"),
    ({"title": "任\ud800务"}, ("title",), "UNPRINTABLE"),
    ({"title": "任\u202e务"}, ("title",), "UNPRINTABLE"),
    ({"title": None}, ("title",), "REQUIRED"),
    ({"note": "一\r二"}, ("note",), "UNPRINTABLE"),
    ({"number": "call me"}, ("number",), "FORMAT"),
    ({"held_on": TODAY + timedelta(days=1)}, ("held_on",), "FUTURE"),
    ({"held_on": date.max}, ("held_on",), "FUTURE"),
    ({"held_on": date.min}, ("held_on",), "OUT_OF_RANGE"),
    ({"due_on": EARLIEST_DAY - timedelta(days=1)}, ("due_on",), "OUT_OF_RANGE"),
    ({"due_on": date.max}, ("due_on",), "OUT_OF_RANGE"),
    ({"amount": 0}, ("amount",), "OUT_OF_RANGE"),
    ({"amount": LARGEST_FEN + 1}, ("amount",), "OUT_OF_RANGE"),
    ({"members": ()}, ("members",), "TOO_FEW"),
    ({"members": (UUID(int=1),) * 2}, ("members",), "LISTED_TWICE"),
    ({"members": tuple(UUID(int=n) for n in range(3))}, ("members",), "TOO_MANY"),
    ({"parts": (Part(title="一"),) * 3}, ("parts",), "TOO_MANY"),
    ({"parts": (Part(title="一"), Part(title=""))}, ("parts", 1, "title"), "BLANK"),
    ({"parts": (Part(title="一", weight=0),)}, ("parts", 0, "weight"), "OUT_OF_RANGE"),
    ({"code": "abcde"}, ("code",), "FORMAT"),
    ({"code": "ab\n"}, ("code",), "FORMAT"),
    ({"code": "a\0"}, ("code",), "FORMAT"),
    ({"signs": ("a", "a")}, ("signs",), "LISTED_TWICE"),
    ({"name": ""}, ("name",), "BLANK"),
    ({"name": None}, ("name",), "REQUIRED"),
]


@pytest.mark.parametrize("fields", ALLOWED)
def test_what_keeps_the_rules_is_taken(fields: dict[str, Any]) -> None:
    assert codes(**fields) == []


@pytest.mark.parametrize(("fields", "path", "code"), REFUSED)
def test_what_breaks_a_rule_is_named_with_its_place_and_its_code(
    fields: dict[str, Any], path: tuple[str | int, ...], code: str
) -> None:
    assert codes(**fields) == [(path, code)]


def test_every_broken_rule_is_named_at_once() -> None:
    found = codes(title="", amount=0, members=())
    assert [code for _, code in found] == ["BLANK", "OUT_OF_RANGE", "TOO_FEW"]


def test_a_fault_says_its_figures_apart_from_its_sentence() -> None:
    [fault] = faults_of(Whole(title="务" * (LONGEST + 1)), today=TODAY)
    assert fault.parameters == {"maxLength": str(LONGEST)}
    [fault] = faults_of(Whole(title="一", held_on=TODAY + timedelta(days=1)), today=TODAY)
    assert fault.parameters == {"today": "2015-11-11"}
    [fault] = faults_of(Whole(title="一", amount=0), today=TODAY)
    assert fault.parameters == {"min": "0.01", "max": "10000000000.00"}


@given(st.text(max_size=LONGEST + 3))
def test_a_text_that_is_taken_can_be_kept_and_shown_in_one_line(text: str) -> None:
    if not codes(title=text):
        assert text.encode("utf-8")
        assert text == text.strip()
        assert 0 < len(text) <= LONGEST
        assert len(text.splitlines()) == 1
        assert "\0" not in text


@given(st.dates())
def test_a_day_that_is_taken_can_be_reckoned_with(due_on: date) -> None:
    if not codes(due_on=due_on):
        assert due_on + timedelta(days=50_000)
        assert due_on - timedelta(days=50_000)


def test_a_field_tells_its_rules_in_words_and_to_programs() -> None:
    told = {each.name: each.about for each in input_fields(Whole)}
    assert told["title"].text == f"What it is. One line of at most {LONGEST} characters."
    assert told["title"].constraint == {"minLength": 1, "maxLength": LONGEST, "format": "line"}
    assert told["code"].text == "Its code. Two to four letters."
    assert told["code"].constraint == {"pattern": "^[a-z]{2,4}$"}
    assert told["held_on"].text == "When it was. Not after today."
    assert told["members"].constraint == {"minItems": 1, "maxItems": 2}


def test_a_field_that_says_nothing_of_itself_is_a_mistake() -> None:
    @draft
    class Silent:
        """Without a word about its field."""

        title: str

    with pytest.raises(AssertionError, match="title says nothing about itself"):
        input_fields(Silent)


def test_a_draft_has_the_version_that_its_author_saw() -> None:
    @draft
    class Change:
        """A change of something."""

        version: int = version()

    assert list(faults_of(Change(version=1), today=TODAY)) == []
