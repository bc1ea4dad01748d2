"""Reads reach the chain off the request's path, and none is lost on the way."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from citywide.audit import read_writer
from citywide.audit.read_buffer import Segment, left_behind
from citywide.audit.read_writer import ReadWriter
from citywide.audit.reads import Read
from citywide.audit.sealing import opened_words
from citywide.errors import UnavailableError
from citywide.ids import new_id
from walls.house import House


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_writer, "PAUSE_S", 0.01)
    monkeypatch.setattr(read_writer, "RETRY_S", 0.05)


async def a_read(house: House, user: str = "bureau.officer", **changes: Any) -> Read:
    """A read about one person of each agency."""
    rows = await house.owner.fetch(
        "SELECT DISTINCT ON (tenant_id) tenant_id, id FROM beneficiary ORDER BY tenant_id, id"
    )
    given: dict[str, Any] = {
        "reader": await house.principal(user),
        "roots": ("Query.beneficiaries",),
        "coordinates": ("Beneficiary.name",),
        "operation": "Files",
        "purpose": "年度审计",
        "persons": {row["tenant_id"]: frozenset({row["id"]}) for row in rows},
        **changes,
    }
    return Read(**given)


def spooled(folder: Path) -> str:
    """What the files of reads say."""
    return "".join(file.read_text(encoding="utf-8") for file in folder.iterdir())


async def entries(house: House) -> list[dict[str, Any]]:
    rows = await house.owner.fetch("SELECT * FROM audit_entry ORDER BY tenant_id, position")
    sealer = house.database.sealer
    return [
        {**dict(row), **opened_words(sealer, row["tenant_id"], json.loads(row["entry"]))}
        for row in rows
    ]


async def test_a_read_stands_in_the_chain_of_each_agency_whose_person_it_is_about(
    pilot: House, tmp_path: Path
) -> None:
    writer = ReadWriter(pilot.database, tmp_path)
    writer.start()
    read = await a_read(pilot)
    await writer.note(read)
    await writer.note(read)
    await writer.close()
    found = await entries(pilot)
    assert len(found) == 2 * len(read.persons)
    assert {each["tenant_id"] for each in found} == set(read.persons)
    for each in found:
        assert each["kind"] == "READ"
        assert (each["actor"], each["purpose"]) == ("bureau.officer", "年度审计")
        assert (each["operation"], each["fields"]) == ("Files", ["Beneficiary.name"])
        assert {UUID(person) for person in each["persons"]} == read.persons[each["tenant_id"]]
    subjects = await pilot.owner.fetch("SELECT tenant_id, entry_id, person_id FROM audit_subject")
    assert {(row["tenant_id"], row["person_id"]) for row in subjects} == {
        (tenant, person) for tenant, persons in read.persons.items() for person in persons
    }
    assert {row["entry_id"] for row in subjects} == {UUID(str(each["id"])) for each in found}
    assert os.listdir(tmp_path) == []  # noqa: PTH208 -- nothing else runs here


async def test_a_purpose_is_sealed_on_its_way_and_opened_for_who_reviews_the_trail(
    pilot: House, tmp_path: Path
) -> None:
    writer = ReadWriter(pilot.database, tmp_path)
    await writer.note(await a_read(pilot, purpose="为黄秀英家访"))
    assert "黄秀英" not in spooled(tmp_path)
    await writer.note(await a_read(pilot, purpose=None))
    writer.start()
    await writer.close()
    for row in await pilot.owner.fetch("SELECT entry FROM audit_entry"):
        assert "黄秀英" not in row["entry"]
    trail = "{ auditTrail(where: {kind: {eq: READ}}, first: 10) { nodes { purpose } } }"
    for reviewer in ("shouqianshou.director", "bureau.auditor"):
        nodes = (await pilot.data(reviewer, trail))["auditTrail"]["nodes"]
        assert {node["purpose"] for node in nodes} == {"为黄秀英家访", None}
    for other in ("shouqianshou.worker1", "bureau.officer", "supervisor.lead"):
        assert "AuditEntry.purpose" in await pilot.forbidden(other, trail)


async def test_reads_and_writes_share_one_chain(pilot: House, tmp_path: Path) -> None:
    writer = ReadWriter(pilot.database, tmp_path)
    writer.start()
    read = await a_read(pilot)
    for _ in range(5):
        await writer.note(read)
        await asyncio.sleep(0.02)
    await writer.close()
    for tenant in read.persons:
        positions = await pilot.owner.fetch(
            "SELECT position FROM audit_entry WHERE tenant_id = $1 ORDER BY position", tenant
        )
        head = await pilot.owner.fetchval(
            "SELECT position FROM audit_head WHERE tenant_id = $1", tenant
        )
        assert [row["position"] for row in positions] == list(range(1, head + 1))


async def test_a_long_answer_makes_several_entries(pilot: House, tmp_path: Path) -> None:
    writer = ReadWriter(pilot.database, tmp_path)
    writer.start()
    tenant = (await pilot.principal("shouqianshou.director")).tenant_id
    persons = frozenset(new_id() for _ in range(2_500))
    await writer.note(await a_read(pilot, persons={tenant: persons}))
    await writer.close()
    found = await entries(pilot)
    assert [len(each["persons"]) for each in found] == [1_000, 1_000, 500]
    assert {UUID(person) for each in found for person in each["persons"]} == persons


async def test_what_a_killed_process_noted_is_written_by_the_next(
    pilot: House, tmp_path: Path
) -> None:
    gone = ReadWriter(pilot.database, tmp_path)
    read = await a_read(pilot)
    await gone.note(read)
    # The process ends here: its locks go with its descriptors, and half a line is left.
    os.write(gone._segment._descriptor, b'{"id": "')
    os.close(gone._segment._descriptor)
    assert await entries(pilot) == []
    assert await ReadWriter(pilot.database, tmp_path).take_over() == len(read.persons)
    assert len(await entries(pilot)) == len(read.persons)


async def test_a_process_killed_after_the_commit_makes_no_entry_twice(
    pilot: House, tmp_path: Path
) -> None:
    first = ReadWriter(pilot.database, tmp_path)
    await first.note(await a_read(pilot))
    copy = first._segment.path.read_bytes()
    first.start()
    await first.close()
    written = await entries(pilot)
    (tmp_path / "0.reads").write_bytes(copy)
    await ReadWriter(pilot.database, tmp_path).take_over()
    assert await entries(pilot) == written


async def test_a_living_process_keeps_its_file(pilot: House, tmp_path: Path) -> None:
    living = ReadWriter(pilot.database, tmp_path)
    await living.note(await a_read(pilot))
    assert list(left_behind(tmp_path)) == []
    assert await ReadWriter(pilot.database, tmp_path).take_over() == 0


KILLED = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from citywide.audit.chain import entry_of
from citywide.audit.read_buffer import Segment
from citywide.db.sealed import Sealer
sealer = Sealer(bytes(32))
segment = Segment.begin(Path(sys.argv[1]))
for number in range(10**9):
    segment.append([entry_of(tenant_id=UUID(int=1), bureau_id=UUID(int=2), kind="READ",
        occurred_at=datetime.now(UTC), actor="a", coordinate="Query.x", content={"n": number},
        sealer=sealer)])
    print(number, flush=True)
"""


async def test_every_line_that_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    for _ in range(200):
        last = int(await process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    rest = (await process.stdout.read()).split(b"\n")[:-1]
    await process.wait()
    last = int(rest[-1]) if rest else last
    [(segment, found)] = left_behind(tmp_path)
    numbers = [entry.content["n"] for entry in found]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > last
    segment.remove()


async def test_a_reader_waits_for_room_and_is_refused_when_there_is_none(
    pilot: House, tmp_path: Path
) -> None:
    writer = ReadWriter(pilot.database, tmp_path, room=1, wait_s=0.05)
    read = await a_read(pilot)
    await writer.note(read)
    with pytest.raises(UnavailableError):
        await writer.note(read)
    waiting = ReadWriter(pilot.database, tmp_path, room=1, wait_s=30)
    await waiting.note(read)
    second = asyncio.create_task(waiting.note(read))
    await asyncio.sleep(0.02)
    assert not second.done()
    waiting.start()
    await second
    await waiting.close()
    await writer.close()
    await waiting.take_over()
    # Three were noted, and the refused one was not.
    assert len(await entries(pilot)) == 3 * len(read.persons)


async def test_a_disk_that_takes_no_more_refuses_the_reader(
    pilot: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = ReadWriter(pilot.database, tmp_path)
    written: list[int] = []
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        if written:
            raise OSError(28, "No space left on device")
        written.append(write(descriptor, data[:10]))
        return written[0]

    read = await a_read(pilot)
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(UnavailableError):
        await writer.note(read)
    monkeypatch.undo()
    await writer.note(read)
    writer.start()
    await writer.close()
    assert len(await entries(pilot)) == len(read.persons)


async def test_reads_wait_while_the_database_is_away(
    pilot: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = ReadWriter(pilot.database, tmp_path)
    real, asked = pilot.database.write, []

    def away(context: Any) -> Any:
        asked.append(context)
        if len(asked) < 4:
            raise ConnectionRefusedError
        return real(context)

    monkeypatch.setattr(pilot.database, "write", away)
    writer.start()
    read = await a_read(pilot)
    await writer.note(read)
    await writer.close()
    assert len(await entries(pilot)) == len(read.persons)


async def test_what_the_database_will_not_take_is_kept_for_a_person_to_look_at(
    pilot: House, tmp_path: Path
) -> None:
    writer = ReadWriter(pilot.database, tmp_path)
    writer.start()
    await writer.note(await a_read(pilot, persons={new_id(): frozenset({new_id()})}))
    good = await a_read(pilot)
    await asyncio.sleep(0.1)
    await writer.note(good)
    await writer.close()
    assert len(await entries(pilot)) == len(good.persons)
    [kept] = os.listdir(tmp_path)  # noqa: PTH208 -- nothing else runs here
    assert kept.endswith(".faulty")
    assert (tmp_path / kept).read_bytes().count(b"\n") == 1


async def test_what_hinders_reads_from_being_recorded_is_said_before_anybody_reads(
    pilot: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = ReadWriter(pilot.database, tmp_path, room=1)
    assert writer.hindrance is None
    with monkeypatch.context() as full:
        full.setattr(read_writer, "DISK_BYTES", 1 << 60)
        assert "disk" in (writer.hindrance or "")
    await writer.note(await a_read(pilot))
    assert "Too many" in (writer.hindrance or "")
    writer.start()
    await writer.close()
    assert writer.hindrance is None


def aside(folder: Path) -> list[str]:
    return sorted(map(str, folder.glob("*.faulty")))


async def test_what_was_set_aside_is_written_once_its_reason_is_mended(
    pilot: House, tmp_path: Path
) -> None:
    """It holds nobody else up meanwhile, and is told once, however often it is tried."""
    read = await a_read(pilot)
    [tenant, *others] = sorted(read.persons)
    await pilot.owner.execute(
        f"ALTER TABLE audit_entry ADD CONSTRAINT broken CHECK (tenant_id <> '{tenant}') NOT VALID"
    )
    with capture_logs() as logs:
        writer = ReadWriter(pilot.database, tmp_path)
        writer.start()
        await writer.note(read)
        await writer.close()
        await writer.try_again()
    assert {each["tenant_id"] for each in await entries(pilot)} == set(others)
    [said] = logs
    assert said["event"] == "reads are not accepted"
    assert "broken" in said["reason"]
    assert [said["kept_in"]] == aside(tmp_path)

    await pilot.owner.execute("ALTER TABLE audit_entry DROP CONSTRAINT broken")
    later = ReadWriter(pilot.database, tmp_path)
    later.start()
    while aside(tmp_path):  # noqa: ASYNC110 -- another process might do it as well
        await asyncio.sleep(0.05)
    await later.close()
    found = await entries(pilot)
    assert sorted(each["tenant_id"] for each in found) == sorted(read.persons)


async def test_a_file_that_cannot_be_read_keeps_no_other_from_being_written(
    pilot: House, tmp_path: Path
) -> None:
    (tmp_path / "0.reads").write_bytes(b"\x00" * 100 + b"\n")
    (tmp_path / "1.faulty").write_bytes(b'{"id": 1}\n')
    writer = ReadWriter(pilot.database, tmp_path)
    writer.start()
    read = await a_read(pilot)
    await writer.note(read)
    await writer.close()
    assert len(await entries(pilot)) == len(read.persons)
    assert aside(tmp_path) == [str(tmp_path / name) for name in ("0.faulty", "1.faulty")]


async def test_a_folder_that_takes_no_file_for_a_while_loses_nothing(
    pilot: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = ReadWriter(pilot.database, tmp_path)
    real, asked = Segment.begin, []

    def full(folder: Path) -> Segment:
        asked.append(folder)
        if len(asked) < 4:
            raise OSError(28, "No space left on device")
        return real(folder)

    monkeypatch.setattr(Segment, "begin", full)
    writer.start()
    read = await a_read(pilot)
    await writer.note(read)
    while len(asked) < 4:  # noqa: ASYNC110 -- nothing tells when
        await asyncio.sleep(0.05)
    await writer.close()
    assert len(await entries(pilot)) == len(read.persons)


def test_a_segment_without_entries_leaves_nothing(tmp_path: Path) -> None:
    Segment.begin(tmp_path).leave()
    assert list(tmp_path.iterdir()) == []
