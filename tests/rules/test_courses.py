"""A course has the steps that it declares and no other, and says so before it runs."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, MetaData, Table, Text

from citywide.db.tables import METADATA, WORDS_KEY
from citywide.domain import CATALOGUE
from citywide.rules.course import Allows, Course, Step, courses
from citywide.rules.words import Words, auto, sets_of_words

assert CATALOGUE.entities
PAPERS = Table("paper", MetaData(), Column("status", Text))


class PaperStatus(Words):
    """How far a paper is; invented for these tests."""

    DRAFT = auto(), "Draft", "草稿"
    SENT = auto(), "Sent", "已发送"
    FILED = auto(), "Filed", "已归档", "in a cupboard."


class Elsewhere(Words):
    """Another set of words."""

    SHREDDED = auto(), "Shredded", "已销毁"


def declared(**declarations: Any) -> type[Course]:
    """A course of papers with these steps."""
    return type(
        "PaperCourse", (Course,), declarations, table=PAPERS, states=PaperStatus, noun="The paper"
    )


def whole() -> dict[str, Any]:
    """Steps that come to every state."""
    return {
        "send_off": Step(PaperStatus.DRAFT, to=PaperStatus.SENT),
        "file": Step(PaperStatus.SENT, to=PaperStatus.FILED),
        "write_on": Allows(PaperStatus.DRAFT, advice="Take a new sheet."),
    }


def test_a_step_to_or_from_a_state_outside_the_course_is_refused_when_it_is_declared() -> None:
    with pytest.raises(ValueError, match=r"PaperCourse.shred: .*SHREDDED.* are no stages of it"):
        declared(**whole(), shred=Step(PaperStatus.FILED, to=Elsewhere.SHREDDED))
    with pytest.raises(ValueError, match=r"PaperCourse.patch: .* are no stages of it"):
        declared(**whole(), patch=Step(Elsewhere.SHREDDED, to=PaperStatus.DRAFT))


def test_a_state_that_no_step_comes_to_is_refused_when_it_is_declared() -> None:
    steps = whole()
    del steps["file"]
    with pytest.raises(ValueError, match=r"never comes to .*FILED"):
        declared(**steps)


def test_every_step_is_possible_in_its_states_and_refused_with_what_is_possible_in_others() -> None:
    course = declared(**whole())
    for step in course.steps():
        for state in PaperStatus:
            refusal = course.refusal(state, step)
            assert (refusal is None) == (step in course.possible(state))
    refusal = course.refusal(PaperStatus.SENT, course.send_off)  # type: ignore[attr-defined]
    assert refusal == "The paper is sent: you cannot send off now. Possible steps: file."
    refusal = course.refusal(PaperStatus.FILED, course.write_on)  # type: ignore[attr-defined]
    assert refusal == "The paper is filed: you cannot write on it now. Take a new sheet."


def test_the_last_day_that_a_row_has_says_its_state_where_days_do() -> None:
    days = {PaperStatus.FILED: "filed_on", PaperStatus.SENT: "sent_on"}
    course = type(
        "DatedCourse", (Course,), whole(), table=PAPERS, states=PaperStatus, noun="It", days=days
    )
    row: dict[str, Any] = {"sent_on": None, "filed_on": None}
    assert course.state_of(row) is PaperStatus.DRAFT
    row["sent_on"] = "2015-11-10"
    assert course.state_of(row) is PaperStatus.SENT
    row["filed_on"] = "2015-11-11"
    assert course.state_of(row) is PaperStatus.FILED
    assert course.values_of(PaperStatus.FILED, row) == {}


def test_a_course_draws_every_step() -> None:
    drawn = declared(**whole()).diagram().splitlines()
    assert drawn == [
        "stateDiagram-v2",
        "    [*] --> DRAFT",
        "    DRAFT --> SENT: send off",
        "    SENT --> FILED: file",
        "    FILED --> [*]",
    ]


def test_every_course_of_the_platform_stands_on_a_table_whose_column_is_of_its_words() -> None:
    assert courses()
    for course in courses():
        assert course.table is METADATA.tables[course.table.name]
        assert course.__doc__, course
        if course.days:
            assert {*course.days.values()} <= {*course.table.c.keys()}
            assert {*course.begins, *course.days} == {*course.states}
            continue
        if course.state_of.__func__ is Course.state_of.__func__:  # type: ignore[attr-defined]
            assert course.table.c[course.column].info.get(WORDS_KEY) is course.states
        else:
            # A course whose stage is in several columns says what is written to them, too.
            assert course.values_of.__func__ is not Course.values_of.__func__  # type: ignore[attr-defined]


def test_every_word_has_a_label_in_both_languages_and_its_set_a_description() -> None:
    assert sets_of_words()
    for words in sets_of_words():
        assert (words.__doc__ or "").strip().endswith((".", ")")), words
        for word in words:
            assert word == word.name
            assert word.en.isascii(), word
            assert not word.zh.isascii(), word
        assert len({word.zh for word in words}) == len(words), words


def test_a_word_is_described_by_its_labels_and_by_what_they_do_not_say() -> None:
    assert PaperStatus.DRAFT.text == "Draft (草稿)."
    assert PaperStatus.FILED.text == "Filed (已归档): in a cupboard."
