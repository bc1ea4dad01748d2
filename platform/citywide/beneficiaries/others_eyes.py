"""The door of texts for others: what gives somebody away is asked about before it is written.

A use case whose text somebody outside of the agency, or colleagues without a right to the names,
will read calls `check_deidentified`. What is found is refused as a `RevealingProblem`; its writer
sends another text, or confirms that what may be harmless is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Text, bindparam, func, literal_column, or_, select
from sqlalchemy import cast as sql_cast

from citywide.acts.act import Act
from citywide.acts.problems import ProblemError, schema_path
from citywide.authz.grants import Scope
from citywide.beneficiaries.folding import written
from citywide.beneficiaries.models import BENEFICIARY, BeneficiaryRow
from citywide.beneficiaries.naming import surnames_in
from citywide.beneficiaries.problems import RevealingFinding, RevealingProblem
from citywide.beneficiaries.revealing import (
    SHORTEST_FILE_NUMBER,
    UNKNOWABLE,
    Finding,
    Known,
    findings,
)
from citywide.beneficiaries.words import RevealingKind
from citywide.db.tables import METADATA, NAMES_KEY, RowTable, entity_of
from citywide.tenancy.models import MEMBER

HARMLESS = (
    "What a RevealingProblem found that is harmless, after you have looked at it: of a kind that"
    " it calls confirmable. Left out: nothing."
)
# Persons that one text is compared with in full: those whose whole name stands in it come first,
# and a text with more is refused long before all of them are told.
MOST_PERSONS = 200

# What a name on file is written with beside its letters, as `folding` drops it.
_BETWEEN_LETTERS = " \u3000·•・．.‧∙⋅-–—'’" + "".join(map(chr, range(0x300, 0x370)))
_LETTERS_OF_A_TAIL = 2
_END_OF_ADDRESS = 6


class ForOthers(Protocol):
    """A draft with a text for others."""

    @property
    def confirmed_harmless(self) -> tuple[RevealingKind, ...]:
        """Kinds of findings that its writer looked at."""


async def check_deidentified(
    act: Act,
    draft: ForOthers,
    texts: Mapping[str, str | None],
    *,
    about: UUID | None = None,
    hides_staff: bool = False,
) -> None:
    """Refuse texts for the eyes of others when they give somebody away.

    `texts` are keyed by the input's fields, a dot before an inner one; `about` is the person whom
    they are about. Staff is hidden too where `hides_staff`.

    One statement reads the agency's names once, whatever is asked, and returns `MOST_PERSONS` at
    most; the texts are read here in linear time. Only whom the writer may read is told: of
    anybody else it is said that they are served here.
    """
    given = {field: text for field, text in texts.items() if text}
    if not given:
        return
    letters = [written(text).letters for text in given.values()]
    known = await _on_file(act, given, about=about, has_staff=hides_staff)
    surnames = await _surnames_on_file(act, surnames_in(letters))
    found = [
        (field, text, each)
        for field, text in given.items()
        for each in findings(text, known, surnames)
        if not (each.is_confirmable and each.kind in draft.confirmed_harmless)
    ]
    if found:
        raise ProblemError(_problem([_told(*each) for each in found]))


def _problem(told: list[RevealingFinding]) -> RevealingProblem:
    message = (
        "Others read this, and it must not give anybody away: take out what is listed, or send it"
        f" again with `confirmedHarmless` where that is harmless. {UNKNOWABLE}"
    )
    return RevealingProblem(code="REVEALING", message=message, path=told[0].path, findings=told)


def _told(field: str, text: str, found: Finding) -> RevealingFinding:
    if found.may_be_told:
        message = f"{found.kind.en} ({found.kind.zh})"
    else:
        message = f"{found.kind.en} ({found.kind.zh}) of another person served here"
    return RevealingFinding(
        path=schema_path([int(step) if step.isdigit() else step for step in field.split(".")]),
        kind=found.kind,
        is_confirmable=found.is_confirmable,
        quote=text[found.start : found.end] if found.may_be_told else None,
        start=found.start if found.may_be_told else None,
        message=f"{message}.",
    )


# -- who is on file ----------------------------------------------------------------------------


def _tables_of_names() -> Iterator[tuple[RowTable[Any], str]]:
    """Every table with names of persons, and the column that has them."""
    for table in METADATA.sorted_tables:
        if NAMES_KEY in table.info:
            yield cast(RowTable[Any], table), table.info[NAMES_KEY]


async def _on_file(
    act: Act, texts: Mapping[str, str], *, about: UUID | None, has_staff: bool
) -> list[Known]:
    """The persons on file of whom something may stand in the texts."""
    plain = "\n".join(
        form.text
        for text in texts.values()
        for forms in (written(text),)
        for form in (forms.letters, forms.counted)
    )
    found: list[Known] = []
    for table, column in _tables_of_names():
        if table.name == MEMBER.name and not has_staff:
            continue
        rows = await act.select(_candidates(table, column, plain, about), table)
        found += [_known(act, table, row, row[column], about) for row in rows]
    return found


def _candidates(table: Table, column: str, plain: str, about: UUID | None) -> Any:
    """The rows whose name, number or address may stand in the text; whole names first."""
    text = bindparam("plain", plain, type_=Text())
    name = _folded(table.c[column])
    first_part = _folded(
        func.split_part(func.translate(table.c[column], "•・．. ", "·····"), "·", 1)
    )
    conditions = [_has_tail(text, name), _has_tail(text, first_part)]
    if table is BENEFICIARY:
        number = _folded(table.c.file_number)
        place = func.right(_folded(table.c.address), _END_OF_ADDRESS)
        is_long = func.char_length(number) >= SHORTEST_FILE_NUMBER
        conditions += [
            is_long & (func.strpos(text, number) > 0),
            (func.char_length(place) == _END_OF_ADDRESS) & (func.strpos(text, place) > 0),
            table.c.id == about,
        ]
    order = [func.strpos(text, name) == 0, table.c.id]
    if table is BENEFICIARY:
        order.insert(0, table.c.id != about)
    return select(table).where(or_(*conditions)).order_by(*order).limit(MOST_PERSONS)


def _folded(column: ColumnElement[Any]) -> ColumnElement[str]:
    """As `folding.folded` for what stands on file; what it finds too much is compared again."""
    plain = func.lower(func.normalize(column, literal_column("NFKD")))
    return func.translate(plain, _BETWEEN_LETTERS, sql_cast("", Text))


def _has_tail(text: ColumnElement[str], name: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the last two letters stand in the text: those of a name and of a given name."""
    tail = func.right(name, _LETTERS_OF_A_TAIL)
    return (func.char_length(tail) == _LETTERS_OF_A_TAIL) & (func.strpos(text, tail) > 0)


async def _surnames_on_file(act: Act, asked: set[str]) -> frozenset[str]:
    """Which of these are surnames of persons served or of volunteers."""
    firsts: set[str] = set()
    for table, column in _tables_of_names() if asked else ():
        if table.name != MEMBER.name:
            first = func.left(table.c[column], 1).label("first")
            stands = func.strpos(bindparam("asked", " ".join(asked), type_=Text()), first) > 0
            rows = await act.select(select(first).where(stands).distinct(), table)
            firsts |= {row["first"] for row in rows}
    return frozenset(each for each in asked if each[0] in firsts)


def _known(act: Act, table: Table, row: Mapping[str, Any], name: str, about: UUID | None) -> Known:
    if table is not BENEFICIARY:
        return Known(name=name, may_be_told=_scope(act, table) is not None)
    file = cast(BeneficiaryRow, row)
    scope = _scope(act, table)
    is_subject = file["id"] == about
    return Known(
        name=name,
        file_number=file["file_number"],
        phone=file["phone"],
        address=file["address"],
        born_on=file["born_on"],
        is_subject=is_subject,
        may_be_told=scope is not None
        and (scope is not Scope.CASELOAD or file["worker_id"] == act.member_id),
    )


def _scope(act: Act, table: Table) -> Scope | None:
    """How far who acts may read the names of a table."""
    [field] = schema_path([table.info[NAMES_KEY]])
    grant = act.policy.grants(act.principal.roles).of(f"{entity_of(table)}.{field}")
    return None if grant is None else grant.clear
