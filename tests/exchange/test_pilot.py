"""The pilot's records: they load once, and counting them gives the figures that are known."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import citywide.domain  # noqa: F401 - completes the metadata that the rows are declared in
from citywide.db.sealed import Place, Sealer
from citywide.db.session import Database
from citywide.errors import OperatorError
from citywide.exchange.manifests import apply
from citywide.exchange.pilot import load_pilot
from citywide.settings import CHECKOUT
from citywide.tenancy.load import load_manifests
from citywide.tenancy.manifests import City

YUEQING = CHECKOUT / "tenants" / "yueqing"
PILOT = YUEQING / "pilot"
FESTIVALS = {
    "春节": "2015-02-19",
    "元宵": "2015-03-05",
    "端午": "2015-06-20",
    "建军节": "2015-08-01",
    "国庆": "2015-10-01",
    "重阳": "2015-10-21",
}
# A festival visit is made on the day, or on one of the three days before it.
DAYS_AHEAD = 3


@pytest.fixture
def city() -> City:
    """The shipped city."""
    return load_manifests(YUEQING)


@pytest.fixture
def pilot(tmp_path: Path) -> Path:
    """A copy of the shipped records, to be spoilt."""
    return shutil.copytree(PILOT, tmp_path / "pilot")


@pytest.fixture
def sealer(secret: bytes) -> Sealer:
    """The deployment's sealer."""
    return Sealer(secret)


async def fetched(url: str, sql: str) -> list[tuple[Any, ...]]:
    """What the owner sees, past both walls."""
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


async def number(url: str, sql: str) -> int:
    """The one number that `sql` asks for."""
    return int((await fetched(url, sql))[0][0])


async def test_the_loaded_records_count_to_the_pilots_figures(
    database: Database, database_url: str, city: City, sealer: Sealer
) -> None:
    await apply(database, city)
    steps: list[tuple[str, int, int]] = []
    summary = await load_pilot(
        database, PILOT, city, sealer=sealer, progress=lambda *step: steps.append(step)
    )
    assert summary.loaded == ("shouqianshou", "yijiaqin", "yixin")
    assert steps[-1] == ("yixin", summary.rows, summary.rows)

    files = (
        "SELECT count(DISTINCT beneficiary.id) FROM beneficiary JOIN assessment"
        " ON beneficiary_id = beneficiary.id JOIN tenant ON tenant.id = beneficiary.tenant_id"
    )
    turnouts = "SELECT count(*) FROM attendance WHERE role = "
    served = (
        "SELECT count(*) FROM attendance JOIN service_record"
        " ON service_record.id = service_record_id WHERE role = 'BENEFICIARY' AND kind = "
    )
    assert await number(database_url, files) == 96
    assert await number(database_url, f"{files} WHERE slug = 'shouqianshou'") == 27
    assert await number(database_url, f"{turnouts} 'WORKER'") == 351
    assert await number(database_url, f"{turnouts} 'VOLUNTEER'") == 627
    assert await number(database_url, f"{served} 'CASE_SESSION'") == 73
    assert await number(database_url, f"{served} 'HOME_HELP'") == 142
    groups = "SELECT count(*) FROM service_record WHERE kind = 'GROUP_SESSION'"
    assert await number(database_url, groups) == 26

    outside = "SELECT count(*) FROM service_record WHERE served_on NOT BETWEEN"
    assert await number(database_url, f"{outside} '2014-12-01' AND '2015-11-11'") == 0
    segments = await fetched(
        database_url,
        "SELECT segment.code FROM beneficiary JOIN segment ON segment.id = segment_id"
        " JOIN tenant ON tenant.id = beneficiary.tenant_id WHERE slug = 'shouqianshou'"
        " GROUP BY 1 ORDER BY 1",
    )
    known = ["aggrieved", "ailing", "lonely", "settled", "vigorous", "withdrawn"]
    assert [row[0] for row in segments] == known
    early = " OR ".join(
        f"festival = '{name}' AND date '{day}' - served_on NOT BETWEEN 0 AND {DAYS_AHEAD}"
        for name, day in FESTIVALS.items()
    )
    assert await number(database_url, f"SELECT count(*) FROM service_record WHERE {early}") == 0
    kept = "SELECT DISTINCT festival FROM service_record WHERE festival IS NOT NULL"
    assert {row[0] for row in await fetched(database_url, kept)} == FESTIVALS.keys()
    case = (
        "SELECT count(*) FROM attendance JOIN service_record ON service_record.id ="
        " service_record_id JOIN beneficiary ON beneficiary.id = beneficiary_id"
        " JOIN volunteer ON volunteer.name = beneficiary.name WHERE kind = 'CASE_SESSION'"
    )
    assert await number(database_url, case) >= 1


async def test_every_identity_number_opens_again_and_lies_nowhere_in_clear(
    database: Database, database_url: str, city: City, sealer: Sealer
) -> None:
    await apply(database, city)
    await load_pilot(database, PILOT, city, sealer=sealer)
    rows = await fetched(
        database_url, "SELECT tenant_id, id, id_number_sealed, born_on FROM beneficiary"
    )
    for tenant_id, row_id, sealed, born_on in rows:
        place = Place("beneficiary", "id_number_sealed", tenant_id, row_id)
        number_text = sealer.open(place, sealed)
        assert number_text.startswith(f"380382{born_on:%Y%m%d}")
        assert number_text.encode() not in sealed


async def test_a_second_run_loads_nothing(
    database: Database, database_url: str, city: City, sealer: Sealer
) -> None:
    await apply(database, city)
    await load_pilot(database, PILOT, city, sealer=sealer)
    before = await fetched(database_url, "SELECT * FROM attendance ORDER BY id")
    summary = await load_pilot(database, PILOT, city, sealer=sealer)
    assert (summary.loaded, summary.rows) == ((), 0)
    assert summary.present == ("shouqianshou", "yijiaqin", "yixin")
    assert await fetched(database_url, "SELECT * FROM attendance ORDER BY id") == before


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("beneficiaries.csv", ",2014-12-08", ",2014-11-08", "opened_on: The agreement"),
        ("beneficiaries.csv", "380382195504120655", "380382195504120656", "check character"),
        ("beneficiaries.csv", "shouqianshou.worker1", "yixin.worker1", "no member yixin.worker1"),
        ("beneficiaries.csv", "卢良友", "卢良\u202e友", "control or invisible"),
        ("classifications.csv", "settled", "grumpy", "no service type"),
        ("entitlements.csv", "2007-08-01", "1907-08-01", "before the person's birth"),
        ("volunteers.csv", "SQS-V002", "SQS-V001", "number: Another volunteer has this number"),
        ("volunteers.csv", "100-0000-0023", "100#0000#0023", "phone: A phone number has"),
        ("services.csv", "2014-12-18", "2016-12-18", "lies in the future"),
        ("services.csv", "SQS-S0002", "SQS-S0001", "no record SQS-S0002"),
        ("services.csv", ",HOME_HELP,", ",PARTY,", "kind: this must be one of VISIT"),
        ("attendance.csv", "WORKER,shouqianshou.worker5", "WORKER,shouqianshou.finance", "worker"),
        (
            "attendance.csv",
            "SQS-S0001,WORKER",
            "SQS-S0009,WORKER",
            "worker_ids: This list has at least 1",
        ),
    ],
)
async def test_a_bad_row_is_named_and_nothing_of_its_agency_is_loaded(  # noqa: PLR0917 - fixtures and the case
    database: Database,
    database_url: str,
    city: City,
    sealer: Sealer,
    pilot: Path,
    file: str,
    old: str,
    new: str,
    said: str,
) -> None:
    path = pilot / "shouqianshou" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    await apply(database, city)
    with pytest.raises(OperatorError, match=said) as caught:
        await load_pilot(database, pilot, city, sealer=sealer)
    assert "pilot/shouqianshou/" in str(caught.value)
    for table in ("beneficiary", "volunteer", "service_record", "attendance"):
        assert await number(database_url, f"SELECT count(*) FROM {table}") == 0


async def test_records_of_an_agency_that_is_not_applied_are_refused(
    database: Database, city: City, sealer: Sealer
) -> None:
    with pytest.raises(OperatorError, match="apply the manifests first"):
        await load_pilot(database, PILOT, city, sealer=sealer)


async def test_a_folder_of_an_unknown_agency_is_refused(
    database: Database, city: City, sealer: Sealer, pilot: Path
) -> None:
    (pilot / "strangers").mkdir()
    await apply(database, city)
    with pytest.raises(OperatorError, match="no manifest declares the agency strangers"):
        await load_pilot(database, pilot, city, sealer=sealer)
