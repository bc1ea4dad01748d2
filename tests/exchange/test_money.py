"""The pilot's year of money: done again once, as its files tell it, and balanced afterwards."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path

import pytest

from citywide.authz.policy import Policy
from citywide.budgets.verify import faults
from citywide.db.sealed import Sealer
from citywide.errors import OperatorError
from citywide.exchange.money import load_money
from citywide.graph.scalars import parse_money
from citywide.settings import CHECKOUT
from citywide.tenancy.load import load_manifests
from walls.house import House

YUEQING = CHECKOUT / "tenants" / "yueqing"
PILOT = YUEQING / "pilot"
AGENCIES = ("shouqianshou", "yijiaqin", "yixin")
BALANCES = (
    "SELECT t.slug, a.kind, sum(a.balance_fen)::bigint AS fen FROM ledger_account a"
    " JOIN tenant t ON t.tenant_id = a.tenant_id GROUP BY 1, 2"
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A copy of the shipped records, to be spoilt."""
    return shutil.copytree(PILOT, tmp_path / "pilot")


async def load(house: House, folder: Path, policy: Policy, secret: bytes) -> int:
    return await load_money(
        house.database,
        folder,
        load_manifests(YUEQING),
        policy=lambda: policy,
        sealer=Sealer(secret),
    )


async def balances(house: House) -> dict[tuple[str, str], int]:
    return {(row["slug"], row["kind"]): row["fen"] for row in await house.owner.fetch(BALANCES)}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected() -> dict[tuple[str, str], int]:
    """What the files come to, added up without a ledger."""
    found: Counter[tuple[str, str]] = Counter()
    for slug in AGENCIES:
        folder = PILOT / slug
        for row in rows(folder / "budget_lines.csv"):
            found[slug, "GRANTED"] -= parse_money(row["amount"])
        for row in rows(folder / "tranches.csv"):
            if row["released_on"]:
                found[slug, "BUREAU"] -= parse_money(row["amount"])
        for row in rows(folder / "vouchers.csv"):
            if row["approved_on"] and not row["reversed_on"]:
                kind = "PAID" if row["paid_on"] else "SPENT"
                found[slug, kind] += parse_money(row["amount"])
    return dict(found)


async def test_the_year_of_money_comes_to_what_its_files_say_and_balances(funded: House) -> None:
    assert [fault async for fault in faults(funded.url)] == []
    held = await balances(funded)
    wanted = expected()
    assert {key: held[key] for key in wanted} == wanted
    for slug in AGENCIES:
        outside = held[slug, "GRANTED"] + held[slug, "OVERRUN"]
        inside = sum(held[slug, kind] for kind in ("AVAILABLE", "COMMITTED", "SPENT", "PAID"))
        assert inside == -outside


async def test_everything_was_done_in_somebodys_name_on_its_day(funded: House) -> None:
    acts = await funded.owner.fetch(
        "SELECT actor, coordinate, entry FROM audit_entry WHERE kind = 'WRITE'"
    )
    vouchers = [row for slug in AGENCIES for row in rows(PILOT / slug / "vouchers.csv")]
    entered = [row for row in acts if row["coordinate"] == "Mutation.enterExpense"]
    assert len(entered) == len(vouchers)
    assert {row["actor"] for row in entered} == {f"{slug}.finance" for slug in AGENCIES}
    assert all("TenantsLoad" in row["entry"] for row in acts)
    booked = await funded.owner.fetchval(
        "SELECT count(*) FROM ledger_transaction WHERE booked_on NOT BETWEEN"
        " date '2014-12-01' AND date '2015-11-11'"
    )
    assert booked == 0
    decided = await funded.owner.fetchval(
        "SELECT count(*) FROM expense e JOIN expense_approval a"
        " ON a.tenant_id = e.tenant_id AND a.expense_id = e.id WHERE a.member_id = e.entered_by"
    )
    assert decided == 0


async def test_a_second_run_does_nothing(funded: House, shipped: Policy, secret: bytes) -> None:
    before = await balances(funded)
    entries = await funded.owner.fetchval("SELECT count(*) FROM audit_entry")
    assert await load(funded, PILOT, shipped, secret) == 0
    assert await balances(funded) == before
    assert await funded.owner.fetchval("SELECT count(*) FROM audit_entry") == entries


async def test_a_row_that_breaks_a_rule_is_named_and_the_next_run_goes_on_after_it_is_mended(
    pilot: House, shipped: Policy, secret: bytes, files: Path, funded: House
) -> None:
    path = files / "yixin" / "vouchers.csv"
    text = path.read_text(encoding="utf-8")
    [line] = [line for line in text.splitlines() if line.startswith("YX-V020,")]
    place = text.splitlines().index(line) + 1
    amount = line.split(",")[4]
    path.write_text(text.replace(line, line.replace(amount, "80000.00")), encoding="utf-8")
    with pytest.raises(OperatorError, match="are left of the commitment") as refused:
        await load(pilot, files, shipped, secret)
    assert f"pilot/yixin/vouchers.csv:{place}:" in str(refused.value)
    assert [fault async for fault in faults(pilot.url)] == []
    first = path.read_text(encoding="utf-8").replace("YX-V001,YX-C01,", "YX-V001,YX-C02,")
    path.write_text(first, encoding="utf-8")
    with pytest.raises(OperatorError, match="said something else then"):
        await load(pilot, files, shipped, secret)
    assert await load(pilot, PILOT, shipped, secret) > 0
    assert await balances(pilot) == await balances(funded)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("yixin/vouchers.csv", "690.00", "690.001", "is not an amount like 1234.50"),
        ("yixin/vouchers.csv", ",2015-01-22,", ",22.1.2015,", "is not a day like 2015-11-11"),
        ("funds.csv", "name,source", "name,origin", "The first line must be"),
    ],
)
async def test_a_cell_that_says_nothing_usable_is_named_and_nothing_is_loaded(  # noqa: PLR0917 - fixtures and the case
    pilot: House,
    shipped: Policy,
    secret: bytes,
    files: Path,
    file: str,
    old: str,
    new: str,
    said: str,
) -> None:
    path = files / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(OperatorError, match=said):
        await load(pilot, files, shipped, secret)
    assert await pilot.owner.fetchval("SELECT count(*) FROM audit_entry") == 0


async def test_nobody_does_in_a_file_what_their_roles_do_not_allow(
    pilot: House, shipped: Policy, secret: bytes, files: Path
) -> None:
    path = files / "funds.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("bureau.budget", "yixin.finance"), encoding="utf-8")
    with pytest.raises(OperatorError, match=r"yixin\.finance do not allow Mutation\.createFund"):
        await load(pilot, files, shipped, secret)
    assert await pilot.owner.fetchval("SELECT count(*) FROM fund") == 0
