"""Who is let in, in which roles and for which rows, and who is not, on a real database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import Table, insert, update

from citywide.authz import membership
from citywide.authz.membership import Memberships
from citywide.db.compiled import compile_statement
from citywide.db.session import Audience, Database
from citywide.errors import Code, RefusalError
from citywide.ids import named_id
from citywide.places.models import AREA
from citywide.rules.clock import business_day
from citywide.tenancy.models import (
    ACCESS_VERSION,
    AGREEMENT,
    ASSIGNMENT,
    BUREAU,
    MEMBER,
    MEMBER_ROLE,
    TENANT,
)

TODAY = date(2015, 11, 11)
LONG_AGO = date(2014, 1, 1)
OFFICE, OTHER_OFFICE = named_id("office"), named_id("other office")
HELPERS, LEAVERS, STARTERS = (
    named_id("helpers"),
    named_id("leavers"),
    named_id("starters"),
)


class Town:
    """Two bureaus and the agencies of the first, written as the owner."""

    def __init__(self, owner: asyncpg.Connection) -> None:
        self._owner = owner

    async def write(self, statement: Any) -> None:
        sql, values = compile_statement(statement)
        await self._owner.execute(sql, *values)

    async def add(self, table: Table, **columns: object) -> None:
        await self.write(insert(table).values(columns))

    async def found_bureau(self, bureau_id: UUID, slug: str, replay: date | None) -> None:
        city = named_id("city", slug)
        await self.add(AREA, id=city, code=slug, level="CITY", name=slug)
        await self.add(
            BUREAU,
            id=bureau_id,
            slug=slug,
            name=slug,
            office="office",
            city_id=city,
            replay_date=replay,
        )
        await self.add(ACCESS_VERSION, id=bureau_id, version=1)
        await self.found_tenant(bureau_id, slug, kind="BUREAU", bureau_id=bureau_id)

    async def found_tenant(
        self,
        tenant_id: UUID,
        slug: str,
        *,
        kind: str = "AGENCY",
        bureau_id: UUID = OFFICE,
    ) -> None:
        names = {"slug": slug, "name": slug.title(), "kind": kind}
        await self.add(TENANT, tenant_id=tenant_id, bureau_id=bureau_id, id=tenant_id, **names)

    async def agree(self, tenant_id: UUID, start: date, end: date) -> None:
        await self.add(
            AGREEMENT,
            tenant_id=tenant_id,
            bureau_id=OFFICE,
            id=named_id(str(tenant_id), str(start)),
            number=str(start),
            scope="all",
            valid_from=start,
            valid_until=end,
            amount_fen=1,
        )

    async def admit(
        self,
        subject: str,
        tenant_id: UUID,
        *roles: str,
        bureau_id: UUID = OFFICE,
        status: str = "ACTIVE",
        start: date = LONG_AGO,
        end: date | None = None,
    ) -> None:
        owned = {"tenant_id": tenant_id, "bureau_id": bureau_id}
        member = named_id(str(tenant_id), subject)
        await self.add(MEMBER, **owned, id=member, subject=subject, name="N", status=status)
        for role in roles:
            await self.add(
                MEMBER_ROLE,
                **owned,
                id=named_id(str(member), role),
                member_id=member,
                role=role,
                valid_from=start,
                valid_until=end,
            )

    async def assign(self, subject: str, agency: UUID, start: date, end: date | None) -> None:
        member = named_id(str(OFFICE), subject)
        await self.add(
            ASSIGNMENT,
            tenant_id=OFFICE,
            bureau_id=OFFICE,
            id=named_id(str(member), str(agency)),
            member_id=member,
            agency_id=agency,
            valid_from=start,
            valid_until=end,
        )

    async def suspend(self, subject: str) -> None:
        await self.write(
            update(MEMBER).where(MEMBER.c.subject == subject).values(status="SUSPENDED")
        )
        await self.write(update(ACCESS_VERSION).values(version=ACCESS_VERSION.c.version + 1))


@pytest_asyncio.fixture(loop_scope="session")
async def town(database_url: str) -> AsyncIterator[Town]:
    """The town, peopled."""
    owner = await asyncpg.connect(database_url)
    town = Town(owner)
    await town.found_bureau(OFFICE, "office", TODAY)
    await town.found_bureau(OTHER_OFFICE, "other-office", None)
    for agency, slug in (
        (HELPERS, "helpers"),
        (LEAVERS, "leavers"),
        (STARTERS, "starters"),
    ):
        await town.found_tenant(agency, slug)
    await town.agree(HELPERS, date(2014, 12, 1), date(2015, 12, 1))
    await town.agree(HELPERS, date(2015, 12, 1), date(2016, 6, 1))
    await town.agree(LEAVERS, date(2014, 12, 1), TODAY)
    await town.agree(STARTERS, date(2015, 11, 12), date(2016, 12, 1))
    await people(town)
    yield town
    await owner.close()


async def people(town: Town) -> None:
    """One subject for each rule."""
    await town.admit("worker", HELPERS, "social_worker", "finance")
    await town.admit("temporary", HELPERS, "social_worker", end=date(2015, 11, 30))
    await town.admit("was.worker", HELPERS, "social_worker", end=TODAY)
    await town.admit("new.worker", HELPERS, "social_worker", start=date(2015, 11, 12))
    await town.admit("bare", HELPERS)
    await town.admit("suspended", HELPERS, "director", status="SUSPENDED")
    await town.admit("leaver", LEAVERS, "director")
    await town.admit("starter", STARTERS, "director")
    await town.admit("officer", OFFICE, "officer")
    await town.admit("elsewhere", OTHER_OFFICE, "officer", bureau_id=OTHER_OFFICE)
    await town.admit("supervisor", OFFICE, "supervisor")
    await town.assign("supervisor", HELPERS, LONG_AGO, None)
    await town.assign("supervisor", LEAVERS, LONG_AGO, TODAY)
    await town.assign("supervisor", STARTERS, date(2015, 11, 20), None)
    await town.admit("supervising.officer", OFFICE, "supervisor", "officer")
    await town.admit("two.jobs", HELPERS, "social_worker")
    await town.admit("two.jobs", OFFICE, "evaluator")
    await town.admit("moved", LEAVERS, "director", status="SUSPENDED")
    await town.admit("moved", HELPERS, "director")


ALLOWED = [
    # subject, header, audience, roles, tenant, the first day on which it is different
    (
        "worker",
        None,
        Audience.AGENCY,
        {"social_worker", "finance"},
        HELPERS,
        date(2016, 6, 1),
    ),
    (
        "worker",
        "helpers",
        Audience.AGENCY,
        {"social_worker", "finance"},
        HELPERS,
        date(2016, 6, 1),
    ),
    (
        "temporary",
        None,
        Audience.AGENCY,
        {"social_worker"},
        HELPERS,
        date(2015, 11, 30),
    ),
    ("officer", None, Audience.BUREAU, {"officer"}, OFFICE, None),
    (
        "supervisor",
        None,
        Audience.SUPERVISOR,
        {"supervisor"},
        OFFICE,
        date(2015, 11, 20),
    ),
    (
        "supervising.officer",
        None,
        Audience.BUREAU,
        {"supervisor", "officer"},
        OFFICE,
        None,
    ),
    (
        "two.jobs",
        "helpers",
        Audience.AGENCY,
        {"social_worker"},
        HELPERS,
        date(2016, 6, 1),
    ),
    ("two.jobs", "office", Audience.BUREAU, {"evaluator"}, OFFICE, None),
    ("moved", None, Audience.AGENCY, {"director"}, HELPERS, date(2016, 6, 1)),
]
DENIED = [
    ("nobody", None, Code.FORBIDDEN, "not a member of any"),
    ("", None, Code.FORBIDDEN, "not a member of any"),
    ("worker", "leavers", Code.FORBIDDEN, "none of your tenants, which are: helpers."),
    ("worker", "nowhere", Code.FORBIDDEN, "none of your tenants, which are: helpers."),
    ("worker", "", Code.FORBIDDEN, "none of your tenants, which are: helpers."),
    ("two.jobs", None, Code.BAD_USER_INPUT, r"several tenants \(helpers, office\)"),
    ("suspended", None, Code.FORBIDDEN, "Your membership of Helpers is suspended"),
    ("moved", "leavers", Code.FORBIDDEN, "Your membership of Leavers is suspended"),
    ("leaver", None, Code.FORBIDDEN, "The agreement of Leavers ended on 2015-11-11"),
    ("starter", None, Code.FORBIDDEN, "The agreement of Starters begins on 2015-11-12"),
    ("was.worker", None, Code.FORBIDDEN, "no role at Helpers on 2015-11-11"),
    ("new.worker", None, Code.FORBIDDEN, "no role at Helpers on 2015-11-11"),
    ("bare", None, Code.FORBIDDEN, "no role at Helpers"),
]


@pytest.mark.usefixtures("town")
async def test_a_member_in_good_standing_is_let_in(database: Database) -> None:
    asked = Memberships(database)
    for subject, header, audience, roles, tenant_id, valid_until in ALLOWED:
        principal = await asked.principal(subject, header)
        case = (subject, header)
        assert (case, principal.audience) == (case, audience)
        assert (case, principal.context.audience) == (case, audience)
        assert (case, set(principal.roles)) == (case, roles)
        assert (case, principal.tenant_id) == (case, tenant_id)
        assert (case, principal.valid_until) == (case, valid_until)
        assert principal.today == TODAY
        assert principal.bureau_id == OFFICE


@pytest.mark.usefixtures("town")
async def test_nobody_else_is_let_in(database: Database) -> None:
    asked = Memberships(database)
    for subject, header, code, sentence in DENIED:
        with pytest.raises(RefusalError, match=sentence) as refusal:
            await asked.principal(subject, header)
        assert refusal.value.code is code


@pytest.mark.usefixtures("town")
async def test_each_audience_gets_the_context_of_its_wall(database: Database) -> None:
    asked = Memberships(database)
    worker = (await asked.principal("worker", None)).context
    assert (worker.tenant_id, worker.bureau_id, worker.tenants) == (HELPERS, OFFICE, ())
    officer = (await asked.principal("officer", None)).context
    assert (officer.tenant_id, officer.bureau_id, officer.tenants) == (None, OFFICE, ())
    supervisor = await asked.principal("supervisor", None)
    assert supervisor.tenants == supervisor.context.tenants == (HELPERS, OFFICE)
    assert (supervisor.context.tenant_id, supervisor.context.bureau_id) == (None, OFFICE)


@pytest.mark.usefixtures("town")
async def test_a_live_city_lives_today(database: Database) -> None:
    principal = await Memberships(database).principal("elsewhere", None)
    assert principal.today == business_day(None)
    assert principal.bureau_id == OTHER_OFFICE


async def test_an_agency_without_an_agreement_has_no_access(town: Town, database: Database) -> None:
    agency = named_id("strangers")
    await town.found_tenant(agency, "strangers")
    await town.admit("stranger", agency, "director")
    with pytest.raises(RefusalError, match="Strangers has no agreement: on 2015-11-11"):
        await Memberships(database).principal("stranger", None)


async def test_a_revocation_is_in_force_within_a_second(town: Town, database: Database) -> None:
    asked = Memberships(database)
    watch = asyncio.create_task(asked.watch())
    try:
        await asyncio.sleep(0.1)
        first = await asked.principal("worker", None)
        assert await asked.principal("worker", None) is first  # from memory
        await town.suspend("worker")
        revoked_at = time.monotonic()
        with pytest.raises(RefusalError, match="suspended"):
            await let_in_until(asked, "worker", revoked_at + 5)
        assert time.monotonic() < revoked_at + 1
    finally:
        watch.cancel()


async def let_in_until(asked: Memberships, subject: str, end: float) -> None:
    while time.monotonic() < end:
        await asked.principal(subject, None)
        await asyncio.sleep(0.01)


async def test_what_nobody_watches_is_not_remembered(town: Town, database: Database) -> None:
    now = 0.0
    asked = Memberships(database, clock=lambda: now)
    await asked.look()
    await asked.principal("worker", None)
    await town.suspend("worker")
    now = membership.TRUST_S - 0.01
    await asked.principal("worker", None)  # still within the second
    now = membership.TRUST_S
    with pytest.raises(RefusalError, match="suspended"):
        await asked.principal("worker", None)


async def test_an_answer_read_before_a_revocation_was_noticed_is_not_kept(
    town: Town, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Memberships(database)
    await asked.look()
    read = membership.memberships_of

    async def slowly(database: Database, subject: str) -> object:
        found = await read(database, subject)
        await town.suspend("worker")
        await asked.look()
        return found

    monkeypatch.setattr(membership, "memberships_of", slowly)
    await asked.principal("worker", None)
    monkeypatch.setattr(membership, "memberships_of", read)
    with pytest.raises(RefusalError, match="suspended"):
        await asked.principal("worker", None)


@pytest.mark.usefixtures("town")
async def test_whoever_asks_at_the_same_time_shares_a_look_up_and_its_refusal(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Memberships(database)
    read, looked_up = membership.memberships_of, list[str]()

    async def counted(database: Database, subject: str) -> object:
        looked_up.append(subject)
        return await read(database, subject)

    monkeypatch.setattr(membership, "memberships_of", counted)
    crowd = [asked.principal("worker", None) for _ in range(50)]
    crowd += [asked.principal("suspended", None) for _ in range(50)]
    found = await asyncio.gather(*crowd, return_exceptions=True)
    assert sorted(looked_up) == ["suspended", "worker"]
    assert {type(each) for each in found[50:]} == {RefusalError}
    assert len({id(each) for each in found[:50]}) == 1
    # Nobody looked at the versions, so nothing is remembered beyond that moment.
    await asked.principal("worker", None)
    assert len(looked_up) == 3


async def test_a_look_up_that_began_before_a_revocation_was_noticed_is_shared_with_nobody_later(
    town: Town, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Memberships(database)
    await asked.look()
    read, goes_on = membership.memberships_of, asyncio.Event()

    async def slowly(database: Database, subject: str) -> object:
        found = await read(database, subject)
        await goes_on.wait()
        return found

    monkeypatch.setattr(membership, "memberships_of", slowly)
    early = asyncio.create_task(asked.principal("worker", None))
    await asyncio.sleep(0.2)
    await town.suspend("worker")
    await asked.look()
    late = asyncio.create_task(asked.principal("worker", None))
    await asyncio.sleep(0)
    goes_on.set()
    await early
    with pytest.raises(RefusalError, match="suspended"):
        await late


@pytest.mark.usefixtures("town")
async def test_no_more_principals_are_remembered_than_allowed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "CACHED_PRINCIPALS", 2)
    asked = Memberships(database)
    await asked.look()
    for subject in ("worker", "officer", "supervisor"):
        await asked.principal(subject, None)
    assert len(asked._remembered) == 2
