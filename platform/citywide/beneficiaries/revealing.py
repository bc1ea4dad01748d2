"""What gives somebody away in a text for others: the one finder that every door asks.

It is pure and bounded: each form of the text is read a fixed number of times, whatever it says.
It finds what is on file, and what looks like a number, an address or a date of birth of somebody.
It cannot know nicknames, other scripts, pictures, or a story that everybody there recognises:
`UNKNOWABLE` says so to whoever writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from citywide.beneficiaries.addressing import counted_doors, doors, known_address
from citywide.beneficiaries.folding import Signs, Written, counted, folded, written
from citywide.beneficiaries.naming import (
    SHORTEST_UNMISTAKABLE_NAME,
    is_festival,
    is_name,
    mentions,
    parts_of,
    surname_of,
    titled,
)
from citywide.beneficiaries.numbering import SHORTEST_NUMBER, births, digits_in_rows, numbers
from citywide.beneficiaries.words import RevealingKind

# Whoever has to mend a text with more findings than these reads all of it again anyway.
MOST_FINDINGS = 20
# A shorter file number, as 12, is in every text.
SHORTEST_FILE_NUMBER = 4

# What may be somebody else's, or a word; of the rest nobody needs it in a text for others.
CONFIRMABLE = frozenset(
    {
        RevealingKind.NAME_OR_WORD,
        RevealingKind.NAME_WITH_TITLE,
        RevealingKind.LONG_NUMBER,
        RevealingKind.ADDRESS_PART,
        RevealingKind.BIRTH_DATE,
        RevealingKind.CONTACT,
    }
)
UNKNOWABLE = (
    "Nicknames, names in other scripts, pictures and stories that people there recognise are not"
    " found: look for them yourself."
)

# Two words on both sides of these are no name by accident; a whole name is one all the same.
_SENTENCE = re.compile(r"[,;:!?，；：！？。\n]")
_MAIL_SIGN = re.compile(r"[a-z0-9._+\-]")
_LONGEST_MAIL_PART = 64
_CONTACT = re.compile(
    r"(?:微信|薇信|威信|v信|wechat|weixin|wx|vx|qq|扣扣)[\s_:=是为号]{0,6}"
    r"(?:[a-z][a-z0-9_\-]{4,19}|\d[\d\s]{4,14})"
)


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody on file: what is known of them, and whether the writer may know it.

    The text is about a person with `is_subject`; of somebody without `may_be_told` the writer may
    not learn that they are on file.
    """

    name: str
    file_number: str | None = None
    phone: str | None = None
    address: str | None = None
    born_on: date | None = None
    is_subject: bool = False
    may_be_told: bool = True


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """From where to where in the text something gives somebody away, and how.

    `may_be_told` is whether the writer may be shown which words of theirs it is.
    """

    start: int
    end: int
    kind: RevealingKind
    may_be_told: bool = True

    @property
    def is_confirmable(self) -> bool:
        """Whether a writer can say that it is harmless."""
        return self.kind in CONFIRMABLE


def findings(
    text: str, known: Sequence[Known], surnames: frozenset[str] = frozenset()
) -> list[Finding]:
    """What gives somebody away in a text, first things first, at most `MOST_FINDINGS`.

    `surnames` are those of persons on file beyond `known`, which count beside a title.
    """
    forms = written(text)
    found = {
        *_of_persons(text, forms, known),
        *_titles(text, forms, known, surnames),
        *_numbers(forms),
        *_places(forms),
        *_births(forms, known),
        *_contacts(forms.spaced),
    }
    # What nobody can confirm comes first, so that it is told however much else there is.
    weightiest = sorted(found, key=lambda each: (each.is_confirmable, each))
    kept: list[Finding] = []
    for each in weightiest:
        if not any(_covers(other, each) for other in kept):
            kept.append(each)
        if len(kept) == MOST_FINDINGS:
            break
    return sorted(kept)


def _covers(one: Finding, other: Finding) -> bool:
    """Whether telling one is enough: it is as grave, as open, and the other lies within it."""
    return (
        one.start <= other.start
        and other.end <= one.end
        and one.may_be_told is other.may_be_told
        and (one.kind is other.kind or not one.is_confirmable)
    )


def _found(signs: Signs, start: int, end: int, kind: RevealingKind, told: bool = True) -> Finding:  # noqa: FBT001, FBT002 -- a column of the table below
    return Finding(*signs.quoted(start, end), kind, told)


def _of_persons(text: str, forms: Written, known: Sequence[Known]) -> Iterator[Finding]:
    with_doors = counted_doors(forms.counted)
    rows = [*digits_in_rows(forms.spaced)] if any(each.phone for each in known) else []
    for person in known:
        told = person.may_be_told
        yield from _names(text, forms.letters, person)
        number = folded(person.file_number or "")
        if len(number) >= SHORTEST_FILE_NUMBER:
            for signs, wanted in ((forms.letters, number), (forms.counted, counted(number))):
                for span in mentions(signs, wanted):
                    yield _found(signs, *span, RevealingKind.KNOWN_NUMBER, told)
        phone = "".join(filter(str.isdigit, counted(person.phone or "")))
        for digits, places in rows if len(phone) >= SHORTEST_NUMBER else ():
            at = digits.find(phone)
            if at >= 0:
                span = places[at], places[at + len(phone) - 1] + 1
                yield _found(forms.spaced, *span, RevealingKind.KNOWN_NUMBER, told)
        for start, end, is_whole in known_address(with_doors, person.address or ""):
            if is_whole or person.is_subject:
                kind = RevealingKind.KNOWN_ADDRESS if is_whole else RevealingKind.ADDRESS_PART
                yield _found(with_doors, start, end, kind, told)


def _names(text: str, letters: Signs, person: Known) -> Iterator[Finding]:
    whole = folded(person.name)
    is_unmistakable = person.is_subject or len(whole) >= SHORTEST_UNMISTAKABLE_NAME
    kind = RevealingKind.FULL_NAME if is_unmistakable else RevealingKind.NAME_OR_WORD
    called = {whole: kind} if is_name(whole) or (person.is_subject and whole) else {}
    called |= dict.fromkeys(parts_of(person.name), RevealingKind.NAME_OR_WORD)
    for name, each in called.items():
        for span in mentions(letters, name):
            found = _found(letters, *span, each, person.may_be_told)
            is_word = each is RevealingKind.NAME_OR_WORD and (
                is_festival(letters, span[1]) or _SENTENCE.search(text, found.start, found.end)
            )
            if not is_word:
                yield found


def _titles(
    text: str, forms: Written, known: Sequence[Known], surnames: frozenset[str]
) -> Iterator[Finding]:
    told = {surname_of(each.name) for each in known if each.may_be_told}
    untold = ({surname_of(each.name) for each in known} | surnames) - told
    for surname, start, end in titled(forms.letters):
        if surname in told or surname in untold:
            kind = RevealingKind.NAME_WITH_TITLE
            found = _found(forms.letters, start, end, kind, surname in told)
            if not _SENTENCE.search(text, found.start, found.end):
                yield found


def _numbers(forms: Written) -> Iterator[Finding]:
    for number in numbers(forms.spaced):
        kind = RevealingKind.IDENTITY_NUMBER if number.is_identity else RevealingKind.LONG_NUMBER
        yield _found(forms.spaced, number.start, number.end, kind)


def _places(forms: Written) -> Iterator[Finding]:
    with_doors = counted_doors(forms.counted)
    for span in doors(with_doors):
        yield _found(with_doors, *span, RevealingKind.ADDRESS_PART)


def _births(forms: Written, known: Sequence[Known]) -> Iterator[Finding]:
    born_on = next((each.born_on for each in known if each.is_subject), None)
    for span in births(forms.spaced, born_on):
        yield _found(forms.spaced, *span, RevealingKind.BIRTH_DATE)


def _contacts(spaced: Signs) -> Iterator[Finding]:
    text = spaced.text
    at = text.find("@")
    while at >= 0:
        start, end = at, at + 1
        while start and at - start < _LONGEST_MAIL_PART and _MAIL_SIGN.match(text[start - 1]):
            start -= 1
        while end < len(text) and end - at < _LONGEST_MAIL_PART and _MAIL_SIGN.match(text[end]):
            end += 1
        if start < at and "." in text[at:end].rstrip("."):
            yield _found(spaced, start, end, RevealingKind.CONTACT)
        at = text.find("@", at + 1)
    for found in _CONTACT.finditer(text):
        yield _found(spaced, *found.span(), RevealingKind.CONTACT)
