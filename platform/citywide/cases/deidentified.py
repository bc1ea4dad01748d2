"""Whether a text gives somebody away: names, numbers and addresses of an agency's persons."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from citywide.acts.act import Act
from citywide.acts.problems import ProblemError, schema_path
from citywide.beneficiaries.models import BENEFICIARY
from citywide.cases.problems import RevealingProblem
from citywide.tenancy.models import MEMBER
from citywide.volunteers.models import VOLUNTEER

# A single character is part of ordinary words.
SHORTEST_NAME = 2
# A house in a lane, as in 范例巷45号; what is shorter is the name of a place.
SHORTEST_ADDRESS = 5
# Telephone numbers have seven digits and more, identity numbers fifteen or eighteen.
SHORTEST_NUMBER = 7
# Whoever has to mend a text with more findings than these reads all of it again anyway.
MOST_FINDINGS = 20

_DAY = re.compile(r"(?<!\d)(?:19|20)\d{2}[-/.年]\d{1,2}(?:[-/.月]\d{1,2}日?)?(?!\d)")
# An address is known by its end as well: the lane and the house, without town and community.
_PLACES = re.compile("街道|社区|[镇乡村]")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s\-–—.·_/()]+(?=\d)")
_NUMBER = re.compile(rf"\d{{{SHORTEST_NUMBER},}}[xX]?")


@dataclass(frozen=True, slots=True)
class Known:
    """What an agency knows its persons by."""

    names: frozenset[str]
    file_numbers: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()


def known_of(
    names: Iterable[str], file_numbers: Iterable[str] = (), addresses: Iterable[str] = ()
) -> Known:
    """What to look for, in the form that texts are compared in."""
    return Known(
        frozenset(name for name in map(folded, names) if len(name) >= SHORTEST_NAME),
        frozenset(number for number in map(folded, file_numbers) if number),
        frozenset(
            place
            for address in map(folded, addresses)
            for place in (address, _PLACES.split(address)[-1])
            if len(place) >= SHORTEST_ADDRESS
        ),
    )


def folded(text: str) -> str:
    """The text without what hides a name in it: width, case, blanks, signs, invisible marks."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in plain if unicodedata.category(sign)[0] in "LN")


def revealing(text: str, known: Known) -> list[str]:
    """The pieces of `text` that give somebody away, each once, in a stable order.

    It finds what the agency knows and what looks like a telephone or identity number. Names of
    relatives, a rank or a story that only one person can have are for the reviewer to see.
    """
    return sorted(set(_pieces(text, known)))[:MOST_FINDINGS]


def _pieces(text: str, known: Known) -> Iterator[str]:
    plain = folded(text)
    for words in (known.names, known.file_numbers, known.addresses):
        yield from (word for word in words if word in plain)
    digits = _BETWEEN_DIGITS.sub("", _DAY.sub(" ", unicodedata.normalize("NFKC", text)))
    yield from _NUMBER.findall(digits)


async def check_deidentified(
    act: Act, texts: Mapping[str, str], *, hides_staff: bool = False
) -> None:
    """Refuse texts for the eyes of others when they give one of the agency's persons away.

    `texts` are keyed by the input's fields. Only the agency's own people are told what gives
    somebody away: to anyone else that would say whom the agency knows.
    """
    known = await _known_persons(act, has_staff=hides_staff)
    is_own = act.principal.tenant_id == act.tenant_id
    for field, text in texts.items():
        pieces = revealing(text, known)
        if pieces:
            message = (
                "Others read this, so it must not give anybody away: take out names, numbers "
                "and addresses."
            )
            raise ProblemError(
                RevealingProblem(
                    code="REVEALING",
                    message=message,
                    path=schema_path([field]),
                    pieces=pieces if is_own else [],
                )
            )


async def _known_persons(act: Act, *, has_staff: bool) -> Known:
    """What the agency where the act works knows its persons by, the staff if so wanted."""
    person = BENEFICIARY.c
    files = await act.select(select(person.name, person.file_number, person.address), BENEFICIARY)
    others = await act.select(select(VOLUNTEER.c.name), VOLUNTEER)
    others += await act.select(select(MEMBER.c.name), MEMBER) if has_staff else []
    return known_of(
        [row["name"] for row in (*files, *others)],
        [row["file_number"] for row in files],
        [row["address"] for row in files if row["address"]],
    )
