"""Counts of few persons that show nobody end before a number is read out of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from citywide.db.sealed import Sealer
from citywide.errors import Code, RefusalError
from citywide.graph.cursors import Cursors
from citywide.graph.engine import Engine
from citywide.graph.operation import Operation
from citywide.graph.probes import PROBES, WINDOW_S, Probes
from graph.test_cursors import READER
from walls.house import PURPOSE, House

DIRECTOR = "shouqianshou.director"
COUNT = "query($p: String!) { beneficiaries(where: { phone: { startsWith: $p } }) { totalCount } }"


@pytest_asyncio.fixture(loop_scope="session")
async def engine(pilot: House, secret: bytes) -> AsyncIterator[Engine]:
    """The engine of the pilot as it is served, with all limits."""
    known = pilot.engine
    yield Engine(
        known.schema,
        known.policy,
        pilot.database,
        Sealer(secret),
        Cursors(secret),
        reads=pilot.reads,
    )


async def ask(house: House, engine: Engine, document: str, **variables: object) -> bytes:
    principal = await house.principal(DIRECTOR)
    return await engine.answer(Operation(document, None, variables, PURPOSE), principal)


async def test_telephone_numbers_are_not_read_by_counting(pilot: House, engine: Engine) -> None:
    await pilot.owner.execute(
        "UPDATE beneficiary SET phone ="
        " '1' || left(translate(md5(id::text), 'abcdef', '024689'), 10)"
    )
    rows = await pilot.owner.fetch(
        "SELECT phone FROM beneficiary WHERE phone IS NOT NULL AND tenant_id ="
        " (SELECT tenant_id FROM tenant WHERE slug = 'shouqianshou') ORDER BY phone DESC LIMIT 5"
    )
    asked: list[str] = []
    read: list[str] = []

    async def narrow(phone: str) -> None:
        """Sign by sign, each tried until it is the one."""
        known = ""
        while len(known) < len(phone):
            for sign in "0123456789-+ ()":
                asked.append(known + sign)
                await ask(pilot, engine, COUNT, p=known + sign)
                if phone.startswith(known + sign):
                    break
            known += sign
        read.append(known)

    async def narrow_all() -> None:
        for row in rows:
            await narrow(row["phone"])

    with pytest.raises(RefusalError) as refused:
        await narrow_all()
    assert refused.value.code is Code.LIMIT_EXCEEDED
    assert "Too many counts of fewer than 5 persons that show nobody" in refused.value.message
    assert 0 < refused.value.extensions["retryAfter"] <= WINDOW_S
    assert len(read) < len(rows) - 2
    assert len({*asked}) <= PROBES + 20
    # What was refused was asked, and stands in the trail with the rest.
    assert pilot.reads.noted[-1].probed == ("Beneficiary.phone",)


WHOLE = (
    "{ a: beneficiaries { totalCount } b: beneficiaries(first: 3) { nodes { id } }"
    " metrics(measures: [BENEFICIARIES_ON_FILE]) { rows { values { value } } } }"
)


async def test_who_opens_files_or_asks_the_same_again_is_not_hindered(
    pilot: House, engine: Engine
) -> None:
    names = await pilot.owner.fetch(
        "SELECT DISTINCT left(name, 2) AS n FROM beneficiary WHERE tenant_id ="
        " (SELECT tenant_id FROM tenant WHERE slug = 'shouqianshou')"
    )
    search = (
        "query($n: String!) { beneficiaries(where: { name: { startsWith: $n } })"
        " { totalCount nodes { id name } } }"
    )
    dashboard = (
        '{ a: beneficiaries(where: { phone: { eq: "1" } }) { totalCount }'
        ' b: beneficiaries(where: { phone: { eq: "2" } }) { totalCount } }'
    )
    for row in names:
        await ask(pilot, engine, search, n=row["n"])
    assert len(names) > PROBES / 2
    for _ in range(PROBES):
        await ask(pilot, engine, dashboard)
        await ask(pilot, engine, WHOLE)


async def test_many_counts_in_one_operation_are_many(pilot: House, engine: Engine) -> None:
    counts = " ".join(
        f'c{n}: beneficiaries(where: {{ phone: {{ eq: "{n}" }} }}) {{ totalCount }}'
        for n in range(PROBES + 1)
    )
    with pytest.raises(RefusalError, match="Too many counts"):
        await ask(pilot, engine, f"{{ {counts} }}")


def test_an_hour_later_there_is_room_again() -> None:
    now = 0.0
    probes = Probes(2, lambda: now)
    probes.count(READER, "one", 1)
    now = 100.0
    probes.count(READER, "two", 1)
    with pytest.raises(RefusalError) as refused:
        probes.count(READER, "three", 1)
    assert refused.value.extensions["retryAfter"] == WINDOW_S - 100
    probes.count(READER, "one", 1)
    now = WINDOW_S
    probes.count(READER, "three", 1)
    with pytest.raises(RefusalError):
        probes.count(READER, "four", 1)
