"""Identity numbers: what a correct one says, and that a mistyped one is noticed."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from citywide.beneficiaries.id_number import IdNumberError, check_character, parse_id_number

AREAS = st.integers(100_000, 999_999).map(str)
BIRTHS = st.dates(date(1900, 1, 1), date(2030, 12, 31))
SEQUENCES = st.integers(0, 999)


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, date, int]:
    """A correct number with what went into it."""
    born_on, sequence = draw(BIRTHS), draw(SEQUENCES)
    digits = f"{draw(AREAS)}{born_on:%Y%m%d}{sequence:03d}"
    return digits + check_character(digits), born_on, sequence


@given(numbers())
def test_a_correct_number_says_birth_date_and_gender(made: tuple[str, date, int]) -> None:
    text, born_on, sequence = made
    number = parse_id_number(text)
    assert number.born_on == born_on
    assert number.gender == ("MALE" if sequence % 2 else "FEMALE")


@given(numbers(), st.integers(0, 16), st.integers(1, 9))
def test_any_single_wrong_digit_is_noticed(
    made: tuple[str, date, int], place: int, shift: int
) -> None:
    text = made[0]
    wrong = str((int(text[place]) + shift) % 10)
    with pytest.raises(IdNumberError):
        parse_id_number(text[:place] + wrong + text[place + 1 :])


@given(numbers(), st.integers(0, 15))
def test_two_neighbouring_digits_swapped_are_noticed(
    made: tuple[str, date, int], place: int
) -> None:
    text = made[0]
    assume(text[place] != text[place + 1])
    swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    with pytest.raises(IdNumberError):
        parse_id_number(swapped)


@given(st.from_regex(r"[0-9]{16,20}", fullmatch=True))
def test_a_refusal_does_not_repeat_the_number(text: str) -> None:
    with suppress(IdNumberError):
        parse_id_number(text)
        return
    with pytest.raises(IdNumberError) as caught:
        parse_id_number(text)
    assert text not in str(caught.value)


@given(st.text(max_size=20))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with suppress(IdNumberError):
        assert parse_id_number(text).text == text.upper()


def test_the_check_character_is_that_of_the_standards_example() -> None:
    assert parse_id_number("11010519491231002x").text == "11010519491231002X"


def test_an_old_number_of_fifteen_digits_is_of_the_last_century() -> None:
    number = parse_id_number("380382320908513")
    assert (number.born_on, number.gender) == (date(1932, 9, 8), "MALE")


@pytest.mark.parametrize(
    "text", ["", "1", "38038219320908513X", "380382199902305136", "３８０３８２３２０９０８５１３"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(IdNumberError):
        parse_id_number(text)
