"""One request is one statement: counted on the connection, whatever the operation asks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio
from asyncpg.connection import LoggedQuery
from graphql import get_introspection_query

from citywide.authz.membership import Memberships
from citywide.authz.principal import Principal
from citywide.db.sealed import Sealer
from citywide.db.session import Audience, Database
from citywide.errors import RefusalError
from citywide.graph.admit import InvalidDocumentError
from citywide.graph.cursors import Cursors
from citywide.graph.engine import Engine
from citywide.graph.operation import Operation
from walls.house import PURPOSE, House, NotedReads

OPERATIONS = {
    "a list": "{ beneficiaries(first: 50) { nodes { id name } } }",
    "a list with everything of its page": """{ beneficiaries(first: 5) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges { cursor node { id idNumber } } } }""",
    "lists inside lists": """{ agencies { nodes { members(first: 10) { nodes { name roles { role }
        caseload(first: 10) { totalCount nodes { name segment { name } attendances(first: 3) {
        nodes { person { __typename ... on Beneficiary { name } } } } } } } } } } }""",
    "several roots": """{ viewer { name } agreements { totalCount } areas(first: 3) { nodes {
        name } } a: metrics(measures: HOME_HELP) { rows { values { value } } }
        beneficiaries(last: 2) { nodes { name } } assessments { totalCount } }""",
    "objects by their ids": "query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }",
    "an object by its id": "query ($id: ID!) { node(id: $id) { id } }",
    "figures": """{ metrics(measures: [BENEFICIARIES_ON_FILE, SOCIAL_WORKER_TURNOUTS,
        VOLUNTEER_TURNOUTS, CASE_COUNSELLING, GROUP_ACTIVITIES, HOME_HELP], by: [AGENCY, AREA])
        { rows { keys { label } values { value } } } }""",
    "a filter over several edges": """{ serviceRecords(where: { attendances: { serviceRecord: {
        project: { enrolments: { beneficiary: { gender: { eq: MALE } } } } } } })
        { totalCount nodes { id } } }""",
    "data and introspection": "{ __schema { queryType { name } } viewer { name } }",
}


@dataclass(slots=True)
class Counted:
    """An engine over one connection an audience, and the statements that have run on them."""

    engine: Engine
    memberships: Memberships
    statements: list[tuple[Audience, str]]

    async def during(self, run: Callable[[], object]) -> list[tuple[Audience, str]]:
        """The statements that ran while `run` did."""
        await asyncio.sleep(0)
        self.statements.clear()
        await run()  # type: ignore[misc]
        # The connection tells of a statement in the loop's next turn.
        await asyncio.sleep(0)
        return list(self.statements)


@pytest_asyncio.fixture(loop_scope="session")
async def counted(pilot_url: str, house: House, secret: bytes) -> AsyncIterator[Counted]:
    database = await Database.open(pilot_url, secret=secret, size=1)
    statements: list[tuple[Audience, str]] = []

    def noting(audience: Audience) -> Callable[[LoggedQuery], None]:
        return lambda query: statements.append((audience, query.query))

    try:
        for audience, pool in ((each, line.pool) for each, line in database._lines.items()):
            async with pool.acquire() as connection:
                # The driver looks up an array's type once in a connection's life, not per request.
                await connection.fetchval("SELECT $1::uuid[]", [])
                connection.add_query_logger(noting(audience))
        memberships = Memberships(database, clock=lambda: 0.0)
        await memberships.look()
        engine = Engine(
            house.schema,
            house.engine.policy,
            database,
            Sealer(secret),
            Cursors(secret),
            reads=NotedReads(),
        )
        yield Counted(engine, memberships, statements)
    finally:
        await database.close()


async def variables_of(counted: Counted, principal: Principal) -> dict[str, object]:
    listed = Operation("{ beneficiaries(first: 3) { nodes { id } } }", None, {}, PURPOSE)
    text = (await counted.engine.answer(listed, principal)).decode()
    ids = [part for part in text.split('"') if len(part) == 48]
    assert len(ids) == 3
    return {"ids": ids, "id": ids[0]}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("user", ["shouqianshou.director", "shouqianshou.worker1"])
async def test_a_request_is_one_statement_in_one_transaction(
    counted: Counted, name: str, user: str
) -> None:
    principal = await counted.memberships.principal(user, None)
    operation = Operation(OPERATIONS[name], None, await variables_of(counted, principal), PURPOSE)

    async def ask() -> None:
        await counted.engine.answer(operation, principal)

    for _ in ("cold", "warm"):
        ran = await counted.during(ask)
        assert [audience for audience, _ in ran] == [principal.audience] * 3, ran
        begin, statement, commit = [text for _, text in ran]
        assert begin.startswith("BEGIN READ ONLY; SELECT citywide_enter(")
        assert statement.startswith("SELECT ")
        assert commit == "COMMIT"


async def test_a_warm_request_asks_nothing_about_who_is_asking(counted: Counted) -> None:
    async def ask() -> None:
        principal = await counted.memberships.principal("bureau.officer", None)
        operation = Operation("{ beneficiaries { totalCount } }", None, {}, PURPOSE)
        await counted.engine.answer(operation, principal)

    cold = await counted.during(ask)
    assert Audience.IDENTITY in {audience for audience, _ in cold}
    warm = await counted.during(ask)
    assert {audience for audience, _ in warm} == {Audience.BUREAU}
    assert len(warm) == 3


@pytest.mark.parametrize(
    ("user", "document"),
    [
        ("shouqianshou.finance", "{ beneficiaries { totalCount } }"),
        ("shouqianshou.director", "{ beneficiaries(first: 101) { nodes { id } } }"),
        ("shouqianshou.director", "{ nobody }"),
        ("shouqianshou.director", "{ beneficiaries(first: 1, last: 1) { totalCount } }"),
    ],
)
async def test_what_is_refused_reaches_no_database(
    counted: Counted, user: str, document: str
) -> None:
    principal = await counted.memberships.principal(user, None)

    async def ask() -> None:
        with pytest.raises((RefusalError, InvalidDocumentError)):
            await counted.engine.answer(Operation(document, None, {}, PURPOSE), principal)

    assert await counted.during(ask) == []


async def test_introspection_is_no_dearer_than_a_request(counted: Counted) -> None:
    principal = await counted.memberships.principal("bureau.analyst", None)

    async def ask() -> None:
        await counted.engine.answer(
            Operation(get_introspection_query(), None, {}, PURPOSE), principal
        )

    assert len(await counted.during(ask)) <= 3
