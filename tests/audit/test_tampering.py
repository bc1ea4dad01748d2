"""Whatever the database's owner does to the trail, or to the rows that it tells, is named."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from joserfc.jwk import OKPKey
from rich.console import Console
from sqlalchemy import BigInteger, Boolean, Date, Table, Text

from citywide.audit import anchors
from citywide.audit.chain import Entry, append, entry_of, hash_of, plain_hash_of
from citywide.audit.rows import NOT_TOLD, audited_tables
from citywide.audit.verify import faults
from citywide.audit.words import AuditKind
from citywide.cli.audit import verified
from citywide.db.digests import TrailKeys
from citywide.db.rows import is_walled
from citywide.db.sealed import Sealer
from citywide.db.session import Audience, Context, Database
from citywide.db.tables import METADATA
from citywide.errors import OperatorError
from citywide.identity.keys import Keys
from citywide.ids import new_id
from citywide.settings import CHECKOUT
from citywide.tenancy.load import load_manifests
from citywide.tenancy.manifests import City

YUEQING = CHECKOUT / "tenants" / "yueqing"
SLUG = "shouqianshou"
ISSUER = OKPKey.generate_key("Ed25519")
TENANT = "(SELECT tenant_id FROM tenant WHERE slug = 'shouqianshou')"


@dataclass(frozen=True, slots=True)
class Trail:
    """A city with its whole trail, its owner's connection, and what was said of its heads."""

    url: str
    owner: asyncpg.Connection
    database: Database
    keys: Keys
    anchors: Path

    @property
    def chain_key(self) -> bytes:
        return TrailKeys.of(self.keys.secret).chain

    async def told(
        self, capsys: pytest.CaptureFixture[str], *, expect: bool = True, tenant: str | None = None
    ) -> tuple[bool, str]:
        """Whether the trail is whole, and what the command says."""
        expected = anchors.expectations(self.anchors, self.keys.issuer) if expect else None
        capsys.readouterr()
        is_whole = await verified(self.url, self.keys, tenant, Console(quiet=True), expected)
        return is_whole, capsys.readouterr().out

    async def tenant_id(self) -> UUID:
        found: UUID = await self.owner.fetchval(f"SELECT {TENANT}")
        return found

    async def length(self) -> int:
        found: int = await self.owner.fetchval(
            f"SELECT position FROM audit_head WHERE tenant_id = {TENANT}"
        )
        return found

    async def rewrite(self, first: int, link: Callable[[bytes, int, str], bytes]) -> None:
        """Link every entry from `first` on anew, and move the head there."""
        before = await self.owner.fetchval(
            f"SELECT hash FROM audit_entry WHERE tenant_id = {TENANT} AND position = $1", first - 1
        )
        rows = await self.owner.fetch(
            f"SELECT id, position, entry FROM audit_entry WHERE tenant_id = {TENANT}"
            " AND position >= $1 ORDER BY position",
            first,
        )
        for row in rows:
            before = link(before or b"", row["position"], row["entry"])
            await self.owner.execute(
                "UPDATE audit_entry SET hash = $2 WHERE id = $1", row["id"], before
            )
        await self.owner.execute(
            f"UPDATE audit_head SET position = $1, hash = $2 WHERE tenant_id = {TENANT}",
            rows[-1]["position"],
            before,
        )


@pytest_asyncio.fixture(loop_scope="session")
async def trail(told_city_url: str, secret: bytes, tmp_path: Path) -> AsyncIterator[Trail]:
    keys = Keys(secret, ISSUER)
    database = await Database.open(told_city_url, secret=secret, audiences=Audience, size=2)
    reads = [read_of(load_manifests(YUEQING), number, database.sealer) for number in range(20)]
    context = Context(Audience.AGENCY, tenant_id=reads[0].tenant_id, bureau_id=reads[0].bureau_id)
    async with database.write(context) as transaction:
        await append(transaction, reads)
    try:
        found = await anchors.heads(database)
        now = datetime.now(UTC)
        anchors.write(tmp_path / "anchors", now, anchors.signed(found, now, key=ISSUER, issuer="x"))
        owner = await asyncpg.connect(told_city_url)
        # What somebody does who owns the database: no key and no check is in the way.
        await owner.execute("SET session_replication_role = replica")
        yield Trail(told_city_url, owner, database, keys, tmp_path / "anchors")
        await owner.close()
    finally:
        await database.close()


def read_of(city: City, number: int, sealer: Sealer) -> Entry:
    return entry_of(
        tenant_id=city.agency_id(SLUG),
        bureau_id=city.bureau_id,
        kind=AuditKind.READ,
        occurred_at=datetime.now(UTC),
        actor="bureau.officer",
        coordinate="Query.beneficiaries",
        content={"fields": [f"第{number}次"], "persons": [str(new_id())]},
        sealer=sealer,
    )


async def test_a_trail_that_nobody_touched_is_whole(
    trail: Trail, capsys: pytest.CaptureFixture[str]
) -> None:
    is_whole, told = await trail.told(capsys)
    assert is_whole, told
    assert f"{SLUG}: " in told
    assert "from before" not in told
    rows = await trail.owner.fetchval(
        "SELECT count(*) FROM beneficiary WHERE tenant_id = " + TENANT
    )
    [line] = [each for each in told.splitlines() if each.startswith(SLUG)]
    assert int(line.split(" entries, ")[1].split(" rows")[0]) > rows > 0


AT = f"tenant_id = {TENANT} AND position"
# What is done, and a part of what is said about it.
STATEMENTS: dict[str, tuple[str, str]] = {
    "an edited text": (
        (
            f"UPDATE audit_entry SET entry = replace(entry, '第3次', '第33次') WHERE {AT} ="
            " (SELECT position FROM audit_entry WHERE entry LIKE '%第3次%')"
        ),
        "or its hash was changed",
    ),
    "an edited column beside it": (
        f"UPDATE audit_entry SET actor = 'nobody' WHERE {AT} = 3",
        "actor is not what its text says",
    ),
    "a deleted entry": (f"DELETE FROM audit_entry WHERE {AT} = 3", "entry 3 is missing"),
    "a cut tail with the head moved back": (
        (
            f"DELETE FROM audit_subject WHERE entry_id IN (SELECT id FROM audit_entry WHERE {AT} >"
            f" (SELECT max(position) - 5 FROM audit_entry WHERE tenant_id = {TENANT}));"
            f"DELETE FROM audit_entry WHERE {AT} > (SELECT max(position) - 5 FROM audit_entry"
            f" WHERE tenant_id = {TENANT});"
            "UPDATE audit_head h SET position = e.position, hash = e.hash FROM (SELECT position,"
            f" hash FROM audit_entry WHERE tenant_id = {TENANT} ORDER BY position DESC LIMIT 1) e"
            f" WHERE h.tenant_id = {TENANT}"
        ),
        "its end was cut off",
    ),
    "a deleted chain": (
        (
            f"DELETE FROM audit_subject WHERE tenant_id = {TENANT};"
            f"DELETE FROM audit_entry WHERE tenant_id = {TENANT};"
            f"DELETE FROM audit_head WHERE tenant_id = {TENANT}"
        ),
        "the chain was deleted",
    ),
    "a swapped pair": (
        (
            f"UPDATE audit_entry SET position = 0 WHERE {AT} = 4;"
            f"UPDATE audit_entry SET position = 4 WHERE {AT} = 5;"
            f"UPDATE audit_entry SET position = 5 WHERE {AT} = 0"
        ),
        "stands where it was not written",
    ),
    "an edited amount": (
        (
            "UPDATE ledger_account SET balance_fen = balance_fen + 1 WHERE id ="
            " (SELECT min(id::text)::uuid FROM ledger_account)"
        ),
        "was changed after entry",
    ),
    "an edited name": (
        (
            "UPDATE beneficiary SET name = name || '某' WHERE id ="
            f" (SELECT min(id::text)::uuid FROM beneficiary WHERE tenant_id = {TENANT})"
        ),
        "was changed after entry",
    ),
    "an edited status": (
        "UPDATE member SET status = 'SUSPENDED' WHERE subject = 'yixin.director'",
        "was changed after entry",
    ),
    "an edited row that all agencies of a city share": (
        "UPDATE department SET name = name || '局'",
        "was changed after entry",
    ),
    "a deleted row": (
        "DELETE FROM attendance WHERE id = (SELECT min(id::text)::uuid FROM attendance)",
        "was deleted after entry",
    ),
    "an inserted row": (
        (
            "INSERT INTO consent SELECT (jsonb_populate_record(c, jsonb_build_object('id',"
            " gen_random_uuid(), 'given_on', '2001-01-01'))).* FROM consent c LIMIT 1"
        ),
        "was written by no entry",
    ),
    "a deleted tenant": (
        (
            "DELETE FROM audit_head; DELETE FROM audit_entry; DELETE FROM audit_subject;"
            "DELETE FROM tenant WHERE slug = 'yixin'"
        ),
        "yixin: the chain was deleted with its tenant",
    ),
}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_what_the_owner_changes_is_named(
    trail: Trail, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    statement, expected = STATEMENTS[name]
    status = await trail.owner.execute(statement)
    assert not status.endswith(" 0"), "nothing was tampered with"
    is_whole, told = await trail.told(capsys)
    assert not is_whole
    assert expected in told, told


async def test_an_inserted_entry_is_named_however_well_it_is_linked(
    trail: Trail, capsys: pytest.CaptureFixture[str]
) -> None:
    last = await trail.length()
    await trail.owner.execute(
        "INSERT INTO audit_entry SELECT (jsonb_populate_record(e, jsonb_build_object('id',"
        " gen_random_uuid(), 'position', e.position + 1))).* FROM audit_entry e"
        f" WHERE {AT} = {last}"
    )
    await trail.rewrite(last + 1, plain_hash_of)
    is_whole, told = await trail.told(capsys, expect=False)
    assert not is_whole
    assert f"{SLUG}: entry {last + 1} (" in told


async def test_a_middle_rewritten_without_the_key_is_named(
    trail: Trail, capsys: pytest.CaptureFixture[str]
) -> None:
    middle = await trail.length() - 10
    await trail.owner.execute(
        f"UPDATE audit_entry SET entry = replace(entry, '次', '回') WHERE {AT} = {middle}"
    )
    await trail.rewrite(middle, plain_hash_of)
    is_whole, told = await trail.told(capsys, expect=False)
    assert not is_whole
    assert f"{SLUG}: entry {middle} (" in told


async def test_a_middle_rewritten_with_the_key_is_named_by_what_was_said_before(
    trail: Trail, capsys: pytest.CaptureFixture[str]
) -> None:
    last, tenant_id = await trail.length(), await trail.tenant_id()
    await trail.owner.execute(
        f"UPDATE audit_entry SET entry = replace(entry, '次', '回') WHERE {AT} = {last - 10}"
    )

    def link(before: bytes, position: int, text: str) -> bytes:
        return hash_of(trail.chain_key, tenant_id, before, position, text)

    await trail.rewrite(last - 10, link)
    # The chain itself is perfect.
    assert (await trail.told(capsys, expect=False))[0]
    is_whole, told = await trail.told(capsys)
    assert not is_whole
    assert f"{SLUG}: it was rewritten, at entry {last} or before" in told


async def test_an_entry_moved_to_another_tenants_chain_is_named(
    trail: Trail, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first links have nothing before them: only the tenant tells them apart."""
    text = (await trail.owner.fetchrow(f"SELECT entry FROM audit_entry WHERE {AT} = 1"))["entry"]
    mine = hash_of(trail.chain_key, await trail.tenant_id(), b"", 1, text)
    assert mine != hash_of(trail.chain_key, new_id(), b"", 1, text)
    await trail.owner.execute(
        "UPDATE audit_entry o SET entry = e.entry, hash = e.hash FROM audit_entry e"
        f" WHERE e.tenant_id = {TENANT} AND e.position = 1 AND o.position = 1 AND o.tenant_id ="
        " (SELECT tenant_id FROM tenant WHERE slug = 'yixin')"
    )
    is_whole, told = await trail.told(capsys)
    assert not is_whole
    assert "yixin: entry 1 (" in told


def column_of(table: Table) -> str | None:
    """A column in which a row can say something else, whatever the others say."""
    walls = {*table.primary_key.columns.keys(), "tenant_id", "bureau_id"}
    return next(
        (
            column.name
            for column in table.columns
            if column.name not in walls
            and column.computed is None
            and not column.info
            and type(column.type) in NEXT
        ),
        None,
    )


NEXT: dict[type, str] = {Text: "{} || 'x'", BigInteger: "{} + 1", Boolean: "NOT {}", Date: "{} + 1"}


async def test_a_changed_row_of_any_audited_table_is_named_and_no_other(trail: Trail) -> None:
    changed: list[str] = []
    for table in audited_tables():
        name = column_of(table)
        row_id = name and await trail.owner.fetchval(
            f"SELECT id FROM {table.name} WHERE {name} IS NOT NULL LIMIT 1"
        )
        if name is None or row_id is None:
            continue
        new = NEXT[type(table.c[name].type)].format(name)
        # A CHECK stays in force: what it forbids nobody can write.
        with suppress(asyncpg.CheckViolationError):
            await trail.owner.execute(
                f"UPDATE {table.name} SET {name} = {new} WHERE id = $1", row_id
            )
            changed.append(f"{table.name} {row_id}")
    assert len(changed) > 30, changed
    bureau_id = load_manifests(YUEQING).bureau_id
    told = [each.fault async for each in faults(trail.database, bureau_id) if each.fault]
    assert sorted(sentence.partition(" was changed")[0] for sentence in told) == sorted(changed)


def test_every_table_that_is_not_told_has_its_reason() -> None:
    named = {table.name for table in audited_tables()} | set(NOT_TOLD)
    assert named == {table.name for table in METADATA.tables.values() if is_walled(table)}


async def test_statements_of_somebody_else_and_changed_ones_are_named(
    trail: Trail, capsys: pytest.CaptureFixture[str]
) -> None:
    [path] = anchors.kept(trail.anchors)
    text = path.read_text()
    now = datetime.now(UTC)
    found = await anchors.heads(trail.database)
    strange = anchors.signed(found, now, key=OKPKey.generate_key("Ed25519"), issuer="x")
    for wrong in (strange, text.replace(".", ".A", 1), "nothing", ""):
        path.write_text(wrong)
        is_whole, told = await trail.told(capsys)
        assert not is_whole
        assert f"{path} is not signed by this deployment, or was changed since." in told


async def test_nothing_to_compare_with_is_a_failure(trail: Trail, tmp_path: Path) -> None:
    for nothing in (tmp_path / "empty", tmp_path / "gone.jws"):
        if not nothing.suffix:
            nothing.mkdir()
        with pytest.raises(OperatorError, match="no statement about chains"):
            anchors.expectations(nothing, trail.keys.issuer)
