"""What was sealed for a tenant alone, or digested without a key, is made anew by `migrate`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from uuid import UUID

import asyncpg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from acts.test_perform import a_visit
from citywide.db import resealing
from citywide.db.migrate import check_ready, migrate
from citywide.db.sealed import Place, SealBrokenError, Sealer, derived_key
from citywide.errors import OperatorError
from walls.house import House

WORKER = "shouqianshou.worker1"
# What a frontend might make of its form.
KEY = "form of 虚构"


def unbound(secret: bytes, tenant_id: UUID, text: str, first: int) -> bytes:
    """A text sealed in the older way, whose nonce begins with this byte."""
    nonce = bytes([first]) + bytes(11)
    cipher = AESGCM(derived_key(secret, b"citywide sealed text"))
    return nonce + cipher.encrypt(nonce, text.encode(), tenant_id.bytes)


@asynccontextmanager
async def older(house: House, secret: bytes) -> AsyncIterator[dict[UUID, str]]:
    """Bring a database to where it was before texts had a place; each file's identity number.

    At the end older values can no longer be written, as after the revision that forbids them.
    """
    owner, sealer = house.owner, house.database.sealer
    definition = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1"
    forbidding = []
    for walk in resealing.WALKS:
        rule = f"{await owner.fetchval(definition, walk.constraint)} NOT VALID"
        await owner.execute(f"ALTER TABLE {walk.table} DROP CONSTRAINT {walk.constraint}")
        forbidding.append(f"ALTER TABLE {walk.table} ADD CONSTRAINT {walk.constraint} {rule}")
    numbers = {}
    rows = await owner.fetch("SELECT tenant_id, id, id_number_sealed FROM beneficiary ORDER BY id")
    for place, row in enumerate(rows):
        here = Place("beneficiary", "id_number_sealed", row["tenant_id"], row["id"])
        numbers[row["id"]] = sealer.open(here, row["id_number_sealed"])
        old = unbound(secret, row["tenant_id"], numbers[row["id"]], place % 256)
        await owner.execute(
            "UPDATE beneficiary SET id_number_sealed = $2 WHERE id = $1", row["id"], old
        )
    yield numbers
    for statement in forbidding:
        await owner.execute(statement)


async def opened(house: House) -> dict[UUID, str]:
    """Each file's identity number, read at its place."""
    rows = await house.owner.fetch("SELECT tenant_id, id, id_number_sealed FROM beneficiary")
    return {
        row["id"]: house.database.sealer.open(
            Place("beneficiary", "id_number_sealed", row["tenant_id"], row["id"]),
            row["id_number_sealed"],
        )
        for row in rows
    }


async def test_identity_numbers_are_sealed_anew_in_batches_and_open_at_their_places(
    pilot: House, secret: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resealing, "BATCH", 7)
    async with older(pilot, secret) as numbers:
        pass
    with pytest.raises(SealBrokenError):
        await opened(pilot)
    await migrate(pilot.url, secret=secret)
    assert await opened(pilot) == numbers
    await check_ready(pilot.url, secret=secret)
    # Nothing is left to do, and nothing is done twice.
    before = await pilot.owner.fetch("SELECT id, id_number_sealed FROM beneficiary ORDER BY id")
    await migrate(pilot.url, secret=secret)
    after = await pilot.owner.fetch("SELECT id, id_number_sealed FROM beneficiary ORDER BY id")
    assert after == before
    forced = "SELECT bool_and(relforcerowsecurity) FROM pg_class WHERE relname = ANY ($1)"
    assert await pilot.owner.fetchval(forced, [walk.table for walk in resealing.WALKS])


async def test_a_migration_that_was_interrupted_goes_on_and_nothing_is_served_meanwhile(
    pilot: House, secret: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with older(pilot, secret) as numbers:
        pass
    monkeypatch.setattr(resealing, "BATCH", 7)
    true_batch, calls = resealing._batch, iter(range(3))

    async def killed(*given: object) -> list[asyncpg.Record]:
        if next(calls, None) is None:
            raise ConnectionResetError
        return await true_batch(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(resealing, "_batch", killed)
    with pytest.raises(ConnectionResetError):
        await migrate(pilot.url, secret=secret)
    monkeypatch.setattr(resealing, "_batch", true_batch)
    with pytest.raises(OperatorError, match="sealed in an older way: run `citywide migrate`"):
        await check_ready(pilot.url, secret=secret)
    await migrate(pilot.url, secret=secret)
    assert await opened(pilot) == numbers
    await check_ready(pilot.url, secret=secret)


async def test_a_repeated_request_is_known_again_after_its_digest_was_keyed(
    pilot: House, secret: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = []
    keyed = Sealer.request_digest

    def recorded(sealer: Sealer, tenant_id: UUID, digest: bytes) -> bytes:
        plain.append(digest)
        return keyed(sealer, tenant_id, digest)

    monkeypatch.setattr(Sealer, "request_digest", recorded)
    visit = await a_visit(pilot)
    done = await pilot.act(WORKER, "recordService", "serviceRecord { id }", key=KEY, **visit)
    assert done["__typename"] == "RecordServiceSuccess"
    async with older(pilot, secret):
        kept = "UPDATE idempotency_key SET key = $1, digest = $2"
        await pilot.owner.execute(kept, KEY, plain[0])
    await migrate(pilot.url, secret=secret)
    again = await pilot.act(WORKER, "recordService", "serviceRecord { id }", key=KEY, **visit)
    assert again == done
    other = {**visit, "number": "T-2"}
    refused = await pilot.act(WORKER, "recordService", "serviceRecord { id }", key=KEY, **other)
    assert refused["code"] == "KEY_REUSED"
    now = await pilot.owner.fetchrow("SELECT key, digest FROM idempotency_key")
    assert now is not None
    assert KEY not in now["key"]
    assert plain[0] not in now["digest"]


async def test_what_these_keys_do_not_open_is_named_and_stays(pilot: House, secret: bytes) -> None:
    async with older(pilot, secret) as numbers:
        row_id = min(numbers)
        stranger = "UPDATE beneficiary SET id_number_sealed = $2 WHERE id = $1"
        await pilot.owner.execute(stranger, row_id, sha256(b"something else").digest())
    with pytest.raises(OperatorError, match=f"The beneficiary {row_id} has a value"):
        await migrate(pilot.url, secret=secret)


async def test_an_owner_behind_the_walls_makes_the_rows_of_all_tenants_anew(
    pilot: House, secret: bytes
) -> None:
    async with older(pilot, secret) as numbers:
        pass
    await pilot.owner.execute("CREATE ROLE an_owner LOGIN PASSWORD 'an owner'")
    try:
        for walk in resealing.WALKS:
            await pilot.owner.execute(f"ALTER TABLE {walk.table} OWNER TO an_owner")
        # Who is no superuser comes to the tables that they own through the schema.
        await pilot.owner.execute("GRANT CREATE, USAGE ON SCHEMA public TO an_owner")
        owner = await asyncpg.connect(pilot.url, user="an_owner", password="an owner")
        assert await owner.fetch("SELECT FROM beneficiary") == []
        await resealing.reseal(owner, pilot.database.sealer)
        assert await resealing.pending(owner) == []
        await owner.close()
        assert await opened(pilot) == numbers
    finally:
        await pilot.owner.execute("REASSIGN OWNED BY an_owner TO CURRENT_USER")
        await pilot.owner.execute("DROP OWNED BY an_owner")
        await pilot.owner.execute("DROP ROLE an_owner")


async def test_bytes_of_another_row_do_not_open(pilot: House) -> None:
    owner = pilot.owner
    first, second = await owner.fetch(
        "SELECT b.id, b.file_number, b.id_number_sealed FROM beneficiary b JOIN member m"
        " ON m.id = b.worker_id WHERE m.subject = $1 ORDER BY b.id LIMIT 2",
        WORKER,
    )
    await owner.execute(
        "UPDATE beneficiary SET id_number_sealed = $2 WHERE id = $1",
        second["id"],
        first["id_number_sealed"],
    )
    question = """query Number($file: String!) {
      beneficiaries(where: {fileNumber: {eq: $file}}) { nodes { idNumber } } }"""
    assert await pilot.data(WORKER, question, file=first["file_number"])
    with pytest.raises(SealBrokenError):
        await pilot.data(WORKER, question, file=second["file_number"])


async def test_unbound_texts_and_plain_digests_can_no_longer_be_written(
    pilot: House, secret: bytes
) -> None:
    old = unbound(secret, UUID(int=1), "x", 1)
    with pytest.raises(asyncpg.CheckViolationError):
        await pilot.owner.execute("UPDATE beneficiary SET id_number_sealed = $1", old)
    visit = await a_visit(pilot)
    await pilot.act(WORKER, "recordService", key=KEY, **visit)
    with pytest.raises(asyncpg.CheckViolationError):
        await pilot.owner.execute(
            "UPDATE idempotency_key SET digest = $1", sha256(b"plain").digest()
        )
