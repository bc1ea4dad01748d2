"""Whatever is changed in a chain is found, wherever it is, and named."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import OKPKey
from rich.console import Console

from citywide.audit.attesting import attest
from citywide.audit.chain import append, entry_of, hash_of
from citywide.audit.verify import Chain, Walk, chains, faults, verifying
from citywide.cli.audit import verified
from citywide.db.sealed import Sealer
from citywide.db.session import Audience, Context
from citywide.errors import OperatorError
from citywide.identity.keys import Keys
from citywide.ids import new_id
from walls.house import House

TENANT, BUREAU = UUID(int=1), UUID(int=2)
SEALER = Sealer(b"a secret of thirty-two bytes ...")
KEY = b"a key of thirty-two bytes ......"
CHAIN = Chain(TENANT, BUREAU, "agency", 0, "")
COLUMNS = ("id", "tenant_id", "bureau_id", "kind", "occurred_at", "actor", "coordinate", "entry")
START = datetime(2015, 11, 11, tzinfo=UTC)


def made(length: int) -> list[dict[str, Any]]:
    """A chain as it stands in the table."""
    rows, before = [], b""
    for position in range(1, length + 1):
        persons = [new_id() for _ in range(position % 3)]
        entry = entry_of(
            tenant_id=TENANT,
            bureau_id=BUREAU,
            kind="READ" if position % 2 else "WRITE",
            occurred_at=START + timedelta(seconds=position),
            actor=f"worker{position}",
            coordinate="Query.beneficiaries",
            content={"purpose": "家访", "persons": [str(person) for person in persons]},
            sealer=SEALER,
        )
        before = hash_of(KEY, TENANT, before, position, entry.text)
        rows.append(
            {
                "tenant_id": TENANT,
                "bureau_id": BUREAU,
                "id": entry.id,
                "position": position,
                "kind": entry.kind,
                "occurred_at": entry.occurred_at,
                "actor": entry.actor,
                "coordinate": entry.coordinate,
                "entry": entry.text,
                "hash": before,
                "persons": persons,
            }
        )
    return rows


def walked(rows: list[dict[str, Any]], head: dict[str, Any] | None) -> list[str]:
    walk = Walk(CHAIN, KEY)
    found = [fault for row in sorted(rows, key=lambda r: r["position"]) for fault in walk.step(row)]
    return [*found, *walk.end(head)]


def head_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"position": rows[-1]["position"], "hash": rows[-1]["hash"]}


def flipped(value: Any, bit: int) -> Any:
    """The value with one bit turned over."""
    match value:
        case UUID():
            return UUID(int=value.int ^ (1 << (bit % 128)))
        case datetime():
            return value + timedelta(microseconds=1 << (bit % 30))
        case bytes():
            place = bit % (8 * len(value))
            changed = bytearray(value)
            changed[place // 8] ^= 1 << (place % 8)
            return bytes(changed)
        case int():
            return value ^ (1 << (bit % 20))
        case str():
            place = bit % len(value)
            other = chr(ord(value[place]) ^ 1)
            return value[:place] + other + value[place + 1 :]
    raise AssertionError(value)


@given(st.integers(0, 12))
def test_a_chain_as_it_was_written_is_whole(length: int) -> None:
    rows = made(length)
    found = walked(rows, head_of(rows) if rows else None)
    gone = ["the chain was deleted: there is a tenant, and no entry that made it."]
    assert found == ([] if rows else gone)


@given(st.data(), st.integers(1, 8), st.integers(0, 10_000))
def test_one_flipped_bit_in_any_column_is_found_and_named(
    data: st.DataObject, length: int, bit: int
) -> None:
    rows = made(length)
    head = head_of(rows)
    place = data.draw(st.integers(0, length - 1))
    column = data.draw(st.sampled_from((*COLUMNS, "hash", "position")))
    rows[place] = {**rows[place], column: flipped(rows[place][column], bit)}
    found = walked(rows, head)
    assert found
    if column not in ("position", "hash", "id"):
        assert any(f"entry {place + 1} ({rows[place]['id']})" in fault for fault in found), found


@given(st.data(), st.integers(1, 8), st.integers(0, 255))
def test_a_flipped_bit_in_the_head_is_found(data: st.DataObject, length: int, bit: int) -> None:
    rows = made(length)
    head = head_of(rows)
    column = data.draw(st.sampled_from(("position", "hash")))
    assert walked(rows, {**head, column: flipped(head[column], bit)})
    assert walked(rows, None) == ["the head is missing."]


@given(st.data(), st.integers(1, 8))
def test_a_missing_row_is_found_and_named(data: st.DataObject, length: int) -> None:
    rows = made(length)
    head = head_of(rows)
    place = data.draw(st.integers(0, length - 1))
    left = rows[:place] + rows[place + 1 :]
    fault = walked(left, head)[0]
    if place < length - 1:
        assert fault == f"entry {place + 1} is missing."
    else:
        assert fault == f"the head is at {length}, but the last entry at {length - 1}."


@given(st.data(), st.integers(1, 8))
def test_an_inserted_row_is_found(data: st.DataObject, length: int) -> None:
    rows = made(length)
    place = data.draw(st.integers(0, length - 1))
    copy = {**rows[place], "id": new_id()}
    # In a position that is taken; at the end; or with everything after it moved by one.
    assert walked([*rows, copy], head_of(rows))
    assert walked([*rows, {**copy, "position": length + 1}], head_of(rows))
    moved = [{**row, "position": row["position"] + 1} for row in rows[place:]]
    longer = [*rows[:place], copy, *moved]
    assert walked(longer, head_of(longer))


@given(st.data(), st.integers(2, 8))
def test_two_rows_that_changed_places_are_found(data: st.DataObject, length: int) -> None:
    rows = made(length)
    head = head_of(rows)
    one, other = data.draw(
        st.lists(st.integers(0, length - 1), min_size=2, max_size=2, unique=True)
    )
    first, second = rows[one]["position"], rows[other]["position"]
    rows[one] = {**rows[one], "position": second}
    rows[other] = {**rows[other], "position": first}
    assert walked(rows, head)


@given(st.integers(1, 6))
def test_a_person_more_or_less_beside_an_entry_is_found(place: int) -> None:
    rows = made(6)
    persons = rows[place - 1]["persons"]
    for changed in ([*persons, new_id()], persons[1:] if persons else [new_id()]):
        wrong = [*rows]
        wrong[place - 1] = {**rows[place - 1], "persons": changed}
        [fault] = walked(wrong, head_of(rows))
        assert fault.endswith("persons is not what its text says.")


async def found_in(house: House, slug: str) -> list[str]:
    bureau = (await house.principal("bureau.officer")).bureau_id
    return [
        each.fault
        async for each in faults(house.database, bureau)
        if each.slug == slug and each.fault is not None
    ]


@pytest.fixture
async def trail(pilot: House) -> House:
    """The pilot's city, its rows attested, with a trail of twenty reads in one agency."""
    await attested(pilot)
    principal = await pilot.principal("shouqianshou.director")
    rows = [
        entry_of(
            tenant_id=principal.tenant_id,
            bureau_id=principal.bureau_id,
            kind="READ",
            occurred_at=datetime.now(UTC),
            actor="bureau.officer",
            coordinate="Query.beneficiaries",
            content={"roles": ["officer"], "persons": [str(new_id())]},
            sealer=pilot.database.sealer,
        )
        for _ in range(20)
    ]
    context = Context(Audience.AGENCY, tenant_id=principal.tenant_id, bureau_id=principal.bureau_id)
    for start in range(0, 20, 7):
        async with pilot.database.write(context) as transaction:
            await append(transaction, rows[start : start + 7])
    return pilot


async def attested(house: House) -> None:
    """The pilot's rows stand in no chain: its setting up was forgotten."""
    bureau = (await house.principal("bureau.officer")).bureau_id
    async with verifying(house.database, bureau) as transaction:
        found = await chains(transaction, bureau)
    for chain in found:
        await attest(house.database, chain, reason="a test")


async def test_a_stored_chain_is_whole_until_somebody_touches_it(trail: House) -> None:
    assert await found_in(trail, "shouqianshou") == []
    assert await found_in(trail, "yijiaqin") == []

    @settings(
        max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(st.integers(2, 21), st.sampled_from(sorted(STATEMENTS)))
    def _collected(place: int, name: str) -> None:
        touched.append((place, name))

    touched: list[tuple[int, str]] = []
    _collected()
    for place, name in touched:
        transaction = trail.owner.transaction()
        await transaction.start()
        await trail.owner.execute(STATEMENTS[name], place)
        # The verifier's own connection has to see it: so it is committed, and mended after.
        await transaction.commit()
        found = await found_in(trail, "shouqianshou")
        assert found, (place, name)
        await trail.owner.execute(MENDED[name], place)
    assert await found_in(trail, "shouqianshou") == []


# Each touches one row at `$1`, and its mending undoes exactly that. Only one chain is longer than
# the entry that attests its rows.
STATEMENTS = {
    "actor": "UPDATE audit_entry SET actor = actor || 'x' WHERE position = $1",
    "entry": "UPDATE audit_entry SET entry = replace(entry, 'roles', 'rolls') WHERE position = $1",
    "hash": "UPDATE audit_entry SET hash = set_byte(hash, 3, get_byte(hash, 3) # 1)"
    " WHERE position = $1",
    "gone": "UPDATE audit_entry SET tenant_id = bureau_id, position = -position"
    " WHERE position = $1",
    "when": "UPDATE audit_entry SET occurred_at = occurred_at + interval '1 microsecond'"
    " WHERE position = $1",
    "person": "UPDATE audit_subject s SET person_id = s.id FROM audit_entry e"
    " WHERE e.id = s.entry_id AND e.position = $1",
    "head": "UPDATE audit_head SET position = position + $1",
}
MENDED = {
    "actor": "UPDATE audit_entry SET actor = rtrim(actor, 'x') WHERE position = $1",
    "entry": "UPDATE audit_entry SET entry = replace(entry, 'rolls', 'roles') WHERE position = $1",
    "hash": STATEMENTS["hash"],
    "gone": "UPDATE audit_entry SET tenant_id ="
    " (SELECT tenant_id FROM tenant WHERE slug = 'shouqianshou'),"
    " position = -position WHERE position = -$1::bigint",
    "when": "UPDATE audit_entry SET occurred_at = occurred_at - interval '1 microsecond'"
    " WHERE position = $1",
    "person": "UPDATE audit_subject s SET person_id ="
    " (e.entry::json -> 'persons' ->> 0)::uuid FROM audit_entry e"
    " WHERE e.id = s.entry_id AND e.position = $1",
    "head": "UPDATE audit_head SET position = position - $1",
}


async def test_a_person_named_for_no_entry_is_found(trail: House) -> None:
    await trail.owner.execute(
        "INSERT INTO audit_subject (tenant_id, bureau_id, id, entry_id, person_id)"
        " SELECT tenant_id, bureau_id, gen_random_uuid(), gen_random_uuid(), gen_random_uuid()"
        " FROM audit_head"
    )
    [fault] = await found_in(trail, "shouqianshou")
    assert fault.endswith("is named for an entry that there is not.")


async def test_the_command_says_which_entry_of_whom_and_fails(
    trail: House, secret: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = Keys(issuer=OKPKey.generate_key("Ed25519"), secret=secret)
    console = Console(quiet=True)
    assert await verified(trail.url, keys, None, console, None)
    whole = capsys.readouterr().out
    [line] = [each for each in whole.splitlines() if each.startswith("shouqianshou: ")]
    assert re.fullmatch(
        r"shouqianshou: 21 entries, \d+ rows, whole; the head is [0-9a-f]{64} at 21\.", line
    )
    await trail.owner.execute(STATEMENTS["actor"], 7)
    assert not await verified(trail.url, keys, "shouqianshou", console, None)
    told = capsys.readouterr().out
    assert "shouqianshou: entry 7 (" in told
    assert "actor is not what its text says." in told
    assert "yijiaqin" not in told
    with pytest.raises(OperatorError, match=r"no tenant shouqian\. Near it: shouqianshou\."):
        await verified(trail.url, keys, "shouqian", console, None)
