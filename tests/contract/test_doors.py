"""No table without a door: how the rows of every tenant's and city's table come to be and end.

`doors.yaml` is written by hand and held to the source: at least one door a table, each of which
writes it. What loads files, makes test data or measures is no door: what only that can write,
nobody can write who uses the platform.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from ruamel.yaml import YAML
from sqlalchemy import Table

from citywide.acts.perform import perform
from citywide.audit.chain import append
from citywide.beneficiaries.merging import links
from citywide.beneficiaries.models import BENEFICIARY
from citywide.db.tables import APPEND_ONLY_KEY, METADATA, is_city_table, is_tenant_table
from citywide.domain import CATALOGUE
from citywide.settings import CHECKOUT
from citywide.tenancy.apply import made_like
from citywide.tenancy.desired import TABLE_NAMES
from contract.writes import INSERT, UNTOLD, UPDATE, Walk, Write

LIST = CHECKOUT / "tests" / "contract" / "doors.yaml"
# What writes beside the mutations: the manifests of a city, and what keeps reads and commands.
OTHER_DOORS = {"every act": perform, "read log": append, "manifests": made_like}
# Who writes a table by its name, which no source says: the names.
PERSONS_ROWS = {link.table for link in links(METADATA, BENEFICIARY)}
BY_NAME = {
    "mergeBeneficiaries": PERSONS_ROWS,
    "splitBeneficiary": PERSONS_ROWS,
    "manifests": {*TABLE_NAMES},
}
END = re.compile(
    r"is_current|superseded"
    r"|(\w+_)?(cancelled|closed|dropped|ended|frozen|left|retired|revoked|split|withdrawn)_(on|at)"
)


@dataclass(frozen=True, slots=True)
class Doors:
    """The doors of one table, by name; `no_door` says why one is missing."""

    made: Sequence[str] = ()
    ended: Sequence[str] = ()
    no_door: Mapping[str, str] = field(default_factory=dict)


def read(text: str) -> dict[str, Doors]:
    listed: Mapping[str, Any] = YAML(typ="safe").load(text)
    return {table: Doors(**doors) for table, doors in listed.items()}


def has_end(table: Table) -> bool:
    """Whether its rows can be over: by a stage that moves on, an open period or a day of the end.

    A period whose end is known from the start is no end, nor is the stage that a row is a note of:
    what has stages counts versions.
    """
    if table.info.get(APPEND_ONLY_KEY):
        return False
    return any(
        END.fullmatch(column.name) is not None
        or (column.name == "valid_until" and column.nullable)
        or (column.name in {"stage", "status"} and "version" in table.c)
        for column in table.c
    )


def faults(
    listed: Mapping[str, Doors],
    tables: Mapping[str, bool],
    written: Mapping[str, frozenset[Write]],
) -> Iterator[str]:
    """What is wrong with a list of doors.

    `tables` are those that must have doors, and whether they have an end; `written` is what each
    door that there is writes.
    """
    yield from (f"{table} is not listed." for table in tables.keys() - listed.keys())
    yield from (f"{table} is no table." for table in listed.keys() - tables.keys())
    for table in listed.keys() & tables.keys():
        doors = listed[table]
        for verb, names in ((INSERT, doors.made), (UPDATE, doors.ended)):
            writers = {door for door, writes in written.items() if (verb, table) in writes}
            if len(names) != len({*names}):
                yield f"{table} names a door twice."
            for door in {*names} - writers:
                what = "does not exist" if door not in written else f"does not {verb} it"
                yield f"{table} names {door}, which {what}."
        needed = {"made": doors.made} | ({"ended": doors.ended} if tables[table] else {})
        missing = {side for side, names in needed.items() if not names}
        yield from (f"{table} has no door: {side}." for side in missing - doors.no_door.keys())
        for side in doors.no_door.keys() - missing:
            yield f"{table} needs no word on a missing door: {side}."
        if doors.ended and not tables[table]:
            yield f"{table} has no end: what is said to end it changes it."


def written_by_doors() -> dict[str, frozenset[Write]]:
    """What each door of the package writes."""
    walk = Walk()
    doors = {name: each.use_case for name, each in CATALOGUE.mutations.items()} | OTHER_DOORS
    found = {name: walk.writes(function) for name, function in doors.items()}
    untold = {name for name, writes in found.items() if UNTOLD in {table for _, table in writes}}
    # Elsewhere a table stands in the source, so that this can be checked.
    assert untold == BY_NAME.keys()
    for name, tables in BY_NAME.items():
        verbs = [verb for verb, table in found[name] if table == UNTOLD]
        found[name] |= {(verb, table) for verb in verbs for table in tables}
    return found


def test_every_table_has_doors_by_which_its_rows_come_to_be_and_end() -> None:
    tables = {
        name: has_end(table)
        for name, table in METADATA.tables.items()
        if is_tenant_table(table) or is_city_table(table)
    }
    listed = read(LIST.read_text(encoding="utf-8"))
    assert sorted(faults(listed, tables, written_by_doors())) == []


FAIR = "pen: {made: [buyPen], ended: [losePen, lendPen]}"
TABLES = {"pen": True}
WRITTEN = {
    "buyPen": frozenset({(INSERT, "pen")}),
    "lendPen": frozenset({(UPDATE, "pen")}),
    "losePen": frozenset({(UPDATE, "pen")}),
    "readPen": frozenset[Write](),
}


def test_a_list_that_names_a_door_to_every_end_is_fair() -> None:
    assert list(faults(read(FAIR), TABLES, WRITTEN)) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("pen:", "cup:"), "pen is not listed."),
        (("pen:", "cup:"), "cup is no table."),
        (("[buyPen]", "[buyPen, makePen]"), "pen names makePen, which does not exist."),
        (("[buyPen]", "[buyPen, readPen]"), "pen names readPen, which does not insert it."),
        ((", lendPen]", ", buyPen]"), "pen names buyPen, which does not update it."),
        ((", lendPen]", ", losePen]"), "pen names a door twice."),
        (("[buyPen]", "[]"), "pen has no door: made."),
        (("[losePen, lendPen]", "[]"), "pen has no door: ended."),
        (("}", ", no_door: {made: Why.}}"), "pen needs no word on a missing door: made."),
    ],
)
def test_a_list_that_is_wrong_is_refused(change: tuple[str, str], sentence: str) -> None:
    assert sentence in faults(read(FAIR.replace(*change)), TABLES, WRITTEN)


def test_what_has_no_end_is_not_ended() -> None:
    sentence = "pen has no end: what is said to end it changes it."
    assert list(faults(read(FAIR), {"pen": False}, WRITTEN)) == [sentence]


def test_a_door_that_is_missing_may_say_why() -> None:
    listed = read("pen: {no_door: {made: Later., ended: Never.}}")
    written = {**WRITTEN, "buyPen": frozenset[Write]()}
    assert list(faults(listed, TABLES, written)) == []


def test_a_new_table_must_be_listed_with_its_door() -> None:
    listed = read(LIST.read_text(encoding="utf-8"))
    tables = {**dict.fromkeys(listed, False), "umbrella": False}
    assert "umbrella is not listed." in faults(listed, tables, {})
