"""Numbers that are somebody's: identity, telephone, account, birth; however they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from citywide.beneficiaries.folding import Signs
from citywide.beneficiaries.id_number import (
    LENGTH,
    OLD_CENTURY,
    OLD_LENGTH,
    IdNumberError,
    check_character,
    parse_id_number,
)

# Telephone numbers have seven digits and more, bank cards up to nineteen.
SHORTEST_NUMBER = 7
MOBILE_LENGTH = 11
_MOBILE = re.compile(r"1[3-9]\d{9}")
LANDLINE_LENGTHS = (10, 11, 12)
# Whatever else stands between dates in a row, this many digits are no dates and a remark.
SHORTEST_AMONG_DATES = 15

_ENGLISH = {
    "zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
# The check character that stands for ten.
_CHECK_TEN = "x"
_ENGLISH_DIGIT = re.compile("|".join(_ENGLISH))
_ENGLISH_DIGITS = re.compile(rf"(?:{'|'.join(_ENGLISH)})+")
_TOKEN = re.compile(r"\d+|[a-z]+|[\W_]+|.", re.DOTALL)
# What parts one number into groups; other signs stand between numbers of a list as well.
_WITHIN = re.compile(r"[\s\-‐‑‒–—―−.·•‧_/\\|()\[\]{}<>+~*#]+")
_AMOUNT = re.compile(r"\s?(?:万?元(?![旦月宵])|[万亿]|人次|平方)")
_LONGEST_AMOUNT = 9
_BETWEEN = r"[\W_]{0,3}"
_DATE = re.compile(
    rf"(?P<year>(?:\d{{2}})?\d{{2}}){_BETWEEN}(?:年|(?<=[\W_])){_BETWEEN}(?P<month>[\d十]{{1,3}})"
    rf"{_BETWEEN}(?:月|(?<=[\W_])){_BETWEEN}(?P<day>[\d十廿卅]{{1,3}})"
)
_DAY_FIRST = re.compile(r"(?P<one>\d{1,2})[\W_]{1,3}(?P<two>\d{1,2})[\W_]{1,3}(?P<year>\d{4})")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_NAMED_MONTH = re.compile(
    rf"(?:(?P<before>\d{{1,2}})(?:st|nd|rd|th)?{_BETWEEN})?(?P<month>{'|'.join(_MONTHS)})[a-z]{{0,6}}"
    rf"{_BETWEEN}(?:(?P<after>\d{{1,2}})(?:st|nd|rd|th)?{_BETWEEN})?(?P<year>\d{{4}})"
)
_COMPACT_DATE = re.compile(r"(?<!\d)\d{8}(?!\d)")
_BORN = re.compile("生于|出生|生日|生辰|诞辰|born|birth")
# So far from a date stands what says that it is a birth's.
_NEAR_BIRTH = 8


@dataclass(frozen=True, slots=True)
class Group:
    """Digits side by side; `is_joined`: nothing but what parts a number stands before them."""

    digits: str
    start: int
    end: int
    is_joined: bool


Run = list[Group]


@dataclass(frozen=True, slots=True)
class FoundNumber:
    """A number, from where to where it stands, and whether it is an identity number."""

    digits: str
    start: int
    end: int
    is_identity: bool


def runs_of(spaced: Signs) -> Iterator[Run]:
    """Groups of digits with no word between them."""
    run: Run = []
    is_joined = False
    for found in _TOKEN.finditer(spaced.text):
        token = found[0]
        digits = _digits_of(token)
        if digits:
            run.append(Group(digits, found.start(), found.end(), is_joined))
            is_joined = True
        elif token == _CHECK_TEN and run:
            run.append(Group("X", found.start(), found.end(), is_joined))
            is_joined = True
        elif token[0].isalnum():
            if run:
                yield run
            run, is_joined = [], False
        else:
            is_joined = is_joined and _WITHIN.fullmatch(token) is not None
    if run:
        yield run


def _digits_of(token: str) -> str:
    if token[0].isdigit():
        return token
    if _ENGLISH_DIGITS.fullmatch(token):
        return "".join(_ENGLISH[each[0]] for each in _ENGLISH_DIGIT.finditer(token))
    return ""


def numbers(spaced: Signs) -> Iterator[FoundNumber]:
    """Every number that is long enough to be somebody's."""
    for run in runs_of(spaced):
        certain = [*_identity_numbers(run), *_mobile_numbers(run)]
        yield from certain
        joined: Run = []
        for group in [*run, None]:
            if group is None or not group.is_joined:
                yield from _long_number(spaced, joined, certain)
                joined = []
            if group is not None:
                joined.append(group)


def _windows(run: Run, longest: int) -> Iterator[tuple[str, Group, Group]]:
    """Groups side by side that have at most `longest` digits together."""
    for at, first in enumerate(run):
        digits = ""
        for last in run[at:]:
            digits += last.digits
            if len(digits) > longest:
                break
            yield digits, first, last


def _identity_numbers(run: Run) -> Iterator[FoundNumber]:
    for digits, first, last in _windows(run, LENGTH):
        if len(digits) in (OLD_LENGTH, LENGTH) and _has_birth(digits):
            yield FoundNumber(digits, first.start, last.end, is_identity=True)
    for group in run:
        for at in range(len(group.digits) - LENGTH + 1) if len(group.digits) > LENGTH else ():
            digits = group.digits[at : at + LENGTH]
            # Within more digits only one that its check character confirms.
            if _has_birth(digits) and digits[-1] == check_character(digits[:-1]):
                yield FoundNumber(digits, group.start, group.end, is_identity=True)


def _has_birth(digits: str) -> bool:
    """Whether the digits can be an identity number, a mistyped one as well."""
    body = digits.removesuffix("X")
    if "X" in body or (len(body) != len(digits) and len(digits) != LENGTH):
        return False
    if len(digits) == LENGTH:
        body = body[: LENGTH - 1]
        digits = body + check_character(body)
    try:
        born_on = parse_id_number(digits).born_on
    except IdNumberError:
        return False
    return born_on.year >= int(OLD_CENTURY) * 100 - 100


def _mobile_numbers(run: Run) -> Iterator[FoundNumber]:
    for digits, first, last in _windows(run, MOBILE_LENGTH):
        if _MOBILE.fullmatch(digits):
            yield FoundNumber(digits, first.start, last.end, is_identity=False)


def _long_number(spaced: Signs, joined: Run, certain: list[FoundNumber]) -> Iterator[FoundNumber]:
    """Digits that are part of nothing found yet, no date, and no sum of money."""
    groups = [each for each in joined if each.digits != "X"]
    if not groups or any(
        each.start <= groups[0].start and groups[-1].end <= each.end for each in certain
    ):
        return
    digits = "".join(each.digits for each in groups)
    rest = sum(len(each.digits) for each in _without_dates(groups))
    is_landline = digits[0] == "0" and len(digits) in LANDLINE_LENGTHS
    if not (
        is_landline or rest >= SHORTEST_NUMBER or (rest and len(digits) >= SHORTEST_AMONG_DATES)
    ):
        return
    is_amount = len(groups) == 1 and len(digits) <= _LONGEST_AMOUNT
    if is_amount and _AMOUNT.match(spaced.text, groups[0].end):
        return
    yield FoundNumber(digits, groups[0].start, groups[-1].end, is_identity=False)


def _without_dates(groups: Run) -> Iterator[Group]:
    """The groups that are neither years nor parts of a date."""
    at = 0
    while at < len(groups):
        after = [int(each.digits) for each in groups[at + 1 : at + 3] if len(each.digits) <= 2]  # noqa: PLR2004 -- a month or a day
        if _is_day(groups[at].digits):
            at += 1
        elif _is_year(groups[at].digits):
            is_month = bool(after) and 1 <= after[0] <= 12  # noqa: PLR2004 -- months
            is_day = is_month and len(after) > 1 and 1 <= after[1] <= 31  # noqa: PLR2004 -- days
            at += 1 + is_month + is_day
        else:
            yield groups[at]
            at += 1


def _is_year(digits: str) -> bool:
    return len(digits) == 4 and digits[:2] in ("19", "20")  # noqa: PLR2004 -- a year


def _is_day(digits: str) -> bool:
    return (
        len(digits) == len("20151111")
        and _is_year(digits[:4])
        and _day(digits[:4], digits[4:6], digits[6:]) is not None
    )


def digits_in_rows(spaced: Signs) -> Iterator[tuple[str, list[int]]]:
    """Every run of digits as one row, with the place of each."""
    for run in runs_of(spaced):
        places = [place for each in run for place in _places(each)]
        yield "".join(each.digits for each in run), places


def _places(group: Group) -> list[int]:
    """Where each digit stands; of one in words, where the word does."""
    if len(group.digits) == group.end - group.start:
        return [*range(group.start, group.end)]
    return [*([group.start] * (len(group.digits) - 1)), group.end - 1]


def births(spaced: Signs, born_on: date | None) -> Iterator[tuple[int, int]]:
    """Where a date of birth stands: the person's, or one that the text says to be somebody's."""
    text = spaced.text
    near = [found.span() for found in _BORN.finditer(text)]
    for start, end, day in _dates(text):
        is_said = any(
            start - _NEAR_BIRTH <= place <= end + _NEAR_BIRTH for span in near for place in span
        )
        if is_said or (born_on is not None and day in (born_on, _short(born_on))):
            yield start, end


def _short(day: date) -> date:
    """A day of a year that is written with two digits: counted as in the first century."""
    try:
        return day.replace(year=day.year % 100 or 100)
    except ValueError:
        return day


def _dates(text: str) -> Iterator[tuple[int, int, date]]:
    for found, year, month, day in _spelt_dates(text):
        of = _day(year, month, day)
        if of is not None:
            yield *found.span(), of


def _spelt_dates(text: str) -> Iterator[tuple[re.Match[str], str, str, str]]:
    """Whatever may be a date, with its year, month and day."""
    for found in _DATE.finditer(text):
        yield found, found["year"], found["month"], found["day"]
    for found in _DAY_FIRST.finditer(text):
        yield found, found["year"], found["one"], found["two"]
        yield found, found["year"], found["two"], found["one"]
    for found in _NAMED_MONTH.finditer(text):
        month = str(_MONTHS.index(found["month"]) + 1)
        yield found, found["year"], month, found["before"] or found["after"] or ""
    for found in _COMPACT_DATE.finditer(text):
        yield found, found[0][:4], found[0][4:6], found[0][6:]


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year) or 100, numeral(month), numeral(day))
    except ValueError:
        return None


def numeral(text: str) -> int:
    """A number below a thousand as it is said: 4十5, 十, 1百2十, 廿1; raises `ValueError`."""
    if text.isdigit():
        return int(text)
    total, digit = 0, 0
    for sign in text:
        if sign.isdigit():
            digit = digit * 10 + int(sign)
        elif sign in _UNITS:
            total, digit = total + (digit or 1) * _UNITS[sign], 0
        elif sign in _TENS:
            total, digit = total + _TENS[sign], 0
        else:
            raise ValueError(text)
    return total + digit


_UNITS = {"十": 10, "百": 100}
_TENS = {"廿": 20, "卅": 30}
