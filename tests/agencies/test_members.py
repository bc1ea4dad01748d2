"""Directors manage their agency's members: who is let in, as what, and that one of them stays."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from citywide.authz.membership import Memberships
from citywide.authz.own_roles import RESERVED
from citywide.db.session import Audience, Database
from citywide.errors import RefusalError
from citywide.graph.operation import Operation
from citywide.settings import CHECKOUT
from citywide.tenancy.apply import plan
from citywide.tenancy.load import load_manifests
from walls.house import House

DIRECTOR = "shouqianshou.director"
MEMBERS = """query($subject: String!) { agencies { nodes { members(
    where: {subject: {eq: $subject}}) { nodes {
    id version status name roles { id role validFrom validUntil } } } } } }"""
ROLES = "member { subject status roles { role validFrom validUntil } }"
OTHER = UUID(int=99)
# Something of the right shape for each mutation that manages members.
_ID = {"memberId": "x", "version": 1}
_ROLE = {"label": "x", "blocks": [], "rules": []}
INPUTS: dict[str, Any] = {
    "inviteMember": {"subject": "x", "name": "x", "roles": []},
    "grantRole": {"memberId": "x", "role": "x"},
    "revokeRole": {"memberRoleId": "x"},
    "suspendMember": _ID,
    "reinstateMember": _ID,
    "defineRole": {"name": "x", **_ROLE},
    "changeRole": {"ownRoleId": "x", "version": 1, **_ROLE},
    "retireRole": {"ownRoleId": "x", "version": 1},
}
TABLES = ("member", "member_role", "own_role", "own_role_rule", "audit_entry", "outbox")


async def member(house: House, subject: str, *, seen_by: str = DIRECTOR) -> Any:
    """A member as a colleague sees them."""
    found = await house.data(seen_by, MEMBERS, subject=subject)
    [one] = found["agencies"]["nodes"][0]["members"]["nodes"]
    return one


async def state(house: House) -> Any:
    """Who may do what, and how much was written about it."""
    counts = [await house.owner.fetchval(f"SELECT count(*) FROM {name}") for name in TABLES]
    rows = await house.owner.fetch("SELECT status, version FROM member ORDER BY id")
    roles = await house.owner.fetch(
        "SELECT role, valid_from, valid_until FROM member_role ORDER BY id"
    )
    version = await house.owner.fetchval("SELECT sum(version) FROM access_version")
    return counts, [*map(tuple, rows)], [*map(tuple, roles)], version


async def refused(house: House, user: str) -> RefusalError:
    """How the user is turned away once the house has looked."""
    await house.memberships.look()
    with pytest.raises(RefusalError) as refusal:
        await house.memberships.principal(user, None)
    return refusal.value


async def invite(house: House, subject: str, *roles: str, **given: Any) -> Any:
    return await house.act(
        DIRECTOR, "inviteMember", ROLES, subject=subject, name="新同事", roles=[*roles], **given
    )


async def grant(house: House, subject: str, role: str, **given: Any) -> Any:
    who = await member(house, subject)
    return await house.act(DIRECTOR, "grantRole", ROLES, memberId=who["id"], role=role, **given)


async def revoke(house: House, by: str, subject: str, role: str) -> Any:
    who = await member(house, subject, seen_by=by)
    [held] = [each for each in who["roles"] if each["role"] == role and not each["validUntil"]]
    return await house.act(by, "revokeRole", ROLES, memberRoleId=held["id"])


async def test_who_is_invited_signs_in_and_becomes_active_by_accepting(pilot: House) -> None:
    answer = await invite(pilot, "new.worker", "social_worker")
    assert answer["member"] == {
        "subject": "new.worker",
        "status": "INVITED",
        "roles": [{"role": "social_worker", "validFrom": "2015-11-11", "validUntil": None}],
    }
    await pilot.memberships.look()
    assert (await pilot.principal("new.worker")).roles == {"invitee"}
    accepted = await pilot.act("new.worker", "acceptInvitation", ROLES)
    assert accepted["member"]["status"] == "ACTIVE"
    await pilot.memberships.look()
    assert (await pilot.principal("new.worker")).roles == {"social_worker"}
    again = await pilot.act("new.worker", "acceptInvitation")
    assert (again["__typename"], again["code"]) == ("StateProblem", "WRONG_STATE")


async def test_an_invitation_does_not_come_between_somebody_and_their_work(pilot: House) -> None:
    await invite(pilot, "yijiaqin.director", "social_worker")
    await pilot.memberships.look()
    assert (await pilot.principal("yijiaqin.director")).roles == {"director"}
    named = await pilot.memberships.principal("yijiaqin.director", "shouqianshou")
    assert named.roles == {"invitee"}


async def test_who_is_invited_sees_by_whom_and_as_what_and_does_nothing_but_accept(
    pilot: House,
) -> None:
    await invite(pilot, "new.director", "director", "finance")
    await pilot.memberships.look()
    shown = """{ viewer { subject name roles { role validFrom } tenant { __typename
        ... on Agency { name bureau { name } } } } }"""
    seen = await pilot.data("new.director", shown)
    assert {each["role"] for each in seen["viewer"]["roles"]} == {"director", "finance"}
    assert seen["viewer"]["tenant"]["__typename"] == "Agency"
    grants = await pilot.grants("new.director")
    executed = {each for each in pilot.schema.coordinates() if each.startswith("Mutation.")}
    assert {each for each in executed if grants.of(each)} == {"Mutation.acceptInvitation"}
    roots = {each for each in pilot.schema.coordinates() if each.startswith("Query.")}
    assert {each for each in roots if grants.of(each)} == {"Query.viewer"}
    topics = {each for each in pilot.schema.coordinates() if each.startswith("Subscription.")}
    assert not {each for each in topics if grants.of(each)}
    nobody = await pilot.forbidden(
        "new.director", "{ agencies { nodes { members { totalCount } } } }"
    )
    assert "Query.agencies" in nobody
    accepted = await pilot.act("new.director", "acceptInvitation", ROLES, key="once")
    assert accepted["member"]["status"] == "ACTIVE"
    await pilot.memberships.look()
    once_more = await pilot.act("new.director", "acceptInvitation", ROLES, key="once")
    assert once_more["member"] == accepted["member"]
    assert (await pilot.principal("new.director")).roles == {"director", "finance"}


async def test_a_suspended_invitation_is_not_accepted_and_a_foreign_one_is_not_seen(
    pilot: House,
) -> None:
    await invite(pilot, "new.worker", "social_worker")
    who = await member(pilot, "new.worker")
    await pilot.act(DIRECTOR, "suspendMember", memberId=who["id"], version=who["version"])
    assert "suspended" in (await refused(pilot, "new.worker")).message
    assert "not a member" in (await refused(pilot, "nobody.invited")).message


async def test_bad_invitations_name_the_field_and_leave_nothing(pilot: House) -> None:
    before = await state(pilot)
    for given, path in (
        ({"subject": "Böse", "roles": ["finance"]}, ["subject"]),
        ({"subject": "x" * 2000, "roles": ["finance"]}, ["subject"]),
        ({"subject": "new\u0000one", "roles": ["finance"]}, ["subject"]),
        ({"subject": "new\ud800one", "roles": ["finance"]}, ["subject"]),
        ({"subject": "new.one\n", "roles": ["finance"]}, ["subject"]),
        ({"subject": "shouqianshou.worker1", "roles": ["finance"]}, ["subject"]),
        ({"subject": "new.one", "roles": []}, ["roles"]),
        ({"subject": "new.one", "roles": ["finance", "finance"]}, ["roles"]),
        ({"subject": "new.one", "roles": ["officer"]}, ["roles", "0"]),
        ({"subject": "new.one", "roles": ["agency_member"]}, ["roles", "0"]),
        ({"subject": "new.one", "roles": ["own:nothing"]}, ["roles", "0"]),
        ({"subject": "new.one", "roles": ["finance", "own:\u0000"]}, ["roles", "1"]),
        ({"subject": "new.one", "roles": ["finance"], "name": "a\u0007b"}, ["name"]),
        ({"subject": "new.one", "roles": ["finance"], "validUntil": "2015-11-11"}, ["validUntil"]),
    ):
        answer = await pilot.act(DIRECTOR, "inviteMember", **{"name": "新同事", **given})
        assert (given, answer["__typename"], answer["path"]) == (given, "InputProblem", path)
    assert await state(pilot) == before


async def test_a_role_is_given_taken_and_given_again_on_one_day(pilot: House) -> None:
    user = "shouqianshou.worker5"
    for _ in range(3):
        given = await grant(pilot, user, "finance")
        assert given["__typename"] == "GrantRoleSuccess", given
        await pilot.memberships.look()
        assert (await pilot.principal(user)).roles == {"social_worker", "finance"}
        taken = await revoke(pilot, DIRECTOR, user, "finance")
        assert taken["__typename"] == "RevokeRoleSuccess", taken
        await pilot.memberships.look()
        assert (await pilot.principal(user)).roles == {"social_worker"}


async def test_what_overlaps_lies_in_the_past_or_is_over_is_refused(pilot: House) -> None:
    user = "shouqianshou.worker5"
    await grant(pilot, user, "finance", validFrom="2015-11-20", validUntil="2015-11-25")
    who = await member(pilot, user)
    before = await state(pilot)
    twice = await grant(pilot, user, "finance", validFrom="2015-11-24")
    assert (twice["__typename"], twice["path"]) == ("StateProblem", ["role"])
    late = await grant(pilot, user, "director", validFrom="2015-11-10")
    assert (late["__typename"], late["path"]) == ("InputProblem", ["validFrom"])
    assert await state(pilot) == before
    [future] = [each for each in who["roles"] if each["role"] == "finance"]
    taken = await pilot.act(DIRECTOR, "revokeRole", ROLES, memberRoleId=future["id"])
    assert taken["__typename"] == "RevokeRoleSuccess"
    before = await state(pilot)
    over = await pilot.act(DIRECTOR, "revokeRole", memberRoleId=future["id"])
    assert (over["__typename"], over["code"]) == ("StateProblem", "WRONG_STATE")
    assert await state(pilot) == before


async def test_nobody_gives_themselves_a_role(pilot: House) -> None:
    before = await state(pilot)
    answer = await grant(pilot, DIRECTOR, "finance")
    assert (answer["__typename"], answer["code"]) == ("AccessProblem", "NOT_YOURSELF")
    assert await state(pilot) == before


async def test_the_last_director_stays(pilot: House) -> None:
    me = await member(pilot, DIRECTOR)
    before = await state(pilot)
    answers = [
        await revoke(pilot, DIRECTOR, DIRECTOR, "director"),
        await pilot.act(DIRECTOR, "suspendMember", memberId=me["id"], version=me["version"]),
    ]
    assert {(each["__typename"], each["code"]) for each in answers} == {
        ("LastDirectorProblem", "LAST_DIRECTOR")
    }
    # One who is merely invited, or director for a time, does not replace an open-ended one.
    await invite(pilot, "invited.director", "director")
    await grant(pilot, "shouqianshou.worker2", "director", validUntil="2015-11-30")
    answer = await revoke(pilot, DIRECTOR, DIRECTOR, "director")
    assert answer["code"] == "LAST_DIRECTOR"
    await grant(pilot, "shouqianshou.worker1", "director")
    assert (await revoke(pilot, DIRECTOR, DIRECTOR, "director"))["member"]["roles"]
    assert (await state(pilot)) != before
    assert "no role" in (await refused(pilot, DIRECTOR)).message


async def test_two_directors_who_take_each_others_role_do_not_both_succeed(pilot: House) -> None:
    other = "shouqianshou.worker1"
    await grant(pilot, other, "director")
    await pilot.memberships.look()
    document = """mutation($id: ID!, $key: String!) {
        revokeRole(input: {memberRoleId: $id, idempotencyKey: $key}) { __typename } }"""
    tries = []
    for by, of in ((DIRECTOR, other), (other, DIRECTOR)):
        who = await member(pilot, of)
        [held] = [each["id"] for each in who["roles"] if each["role"] == "director"]
        given = Operation(document, None, {"id": held, "key": by})
        # Both are let in before either is done.
        tries.append(pilot.engine.answer(given, await pilot.principal(by)))
    answers = [json.loads(each)["data"]["revokeRole"] for each in await asyncio.gather(*tries)]
    assert sorted(each["__typename"] for each in answers) == [
        "LastDirectorProblem",
        "RevokeRoleSuccess",
    ]


async def test_a_suspended_member_is_out_until_reinstated(pilot: House) -> None:
    user = "shouqianshou.worker3"
    await pilot.principal(user)
    who = await member(pilot, user)
    given = {"memberId": who["id"], "version": who["version"]}
    done = await pilot.act(DIRECTOR, "suspendMember", "member { status version }", **given)
    assert done["member"] == {"status": "SUSPENDED", "version": 2}
    assert "suspended" in (await refused(pilot, user)).message
    before = await state(pilot)
    stale = await pilot.act(DIRECTOR, "reinstateMember", **given)
    assert (stale["__typename"], stale["currentVersion"]) == ("StaleVersionProblem", 2)
    assert await state(pilot) == before
    back = await pilot.act(DIRECTOR, "reinstateMember", ROLES, **{**given, "version": 2})
    assert back["member"]["status"] == "ACTIVE"
    await pilot.memberships.look()
    assert (await pilot.principal(user)).roles == {"social_worker"}


async def test_a_manifest_neither_brings_back_nor_drives_out_whom_an_agency_decided_on(
    pilot: House,
) -> None:
    await invite(pilot, "new.worker", "social_worker")
    await grant(pilot, "shouqianshou.worker5", "finance")
    await revoke(pilot, DIRECTOR, "shouqianshou.worker6", "social_worker")
    who = await member(pilot, "shouqianshou.worker3")
    await pilot.act(DIRECTOR, "suspendMember", memberId=who["id"], version=who["version"])
    city = load_manifests(CHECKOUT / "tenants" / "yueqing")
    assert (await plan(pilot.database, city)).changes == []


async def test_another_agencys_members_are_as_unknown_as_ones_that_never_were(
    pilot: House,
) -> None:
    found = await pilot.data("yijiaqin.director", MEMBERS, subject="yijiaqin.worker1")
    [theirs] = found["agencies"]["nodes"][0]["members"]["nodes"]
    before = await state(pilot)
    for mutation, given in (
        ("grantRole", {"memberId": theirs["id"], "role": "finance"}),
        ("revokeRole", {"memberRoleId": theirs["roles"][0]["id"]}),
        ("suspendMember", {"memberId": theirs["id"], "version": 1}),
        ("reinstateMember", {"memberId": theirs["id"], "version": 1}),
    ):
        answer = await pilot.act(DIRECTOR, mutation, **given)
        assert answer["__typename"] == "InputProblem"
        assert "with this id" in answer["message"]
    assert await state(pilot) == before


@pytest.mark.parametrize(
    "user",
    [
        "shouqianshou.worker1",
        "shouqianshou.finance",
        "shouqianshou.volunteers",
        "bureau.officer",
        "bureau.auditor",
        "supervisor.lead",
    ],
)
async def test_nobody_but_a_director_manages_members(pilot: House, user: str) -> None:
    before = await state(pilot)
    for coordinate in sorted(RESERVED):
        name = coordinate.removeprefix("Mutation.")
        document = (
            f"mutation($input: {name[0].upper()}{name[1:]}Input!) "
            f"{{ {name}(input: $input) {{ __typename }} }}"
        )
        given = {**INPUTS[name], "idempotencyKey": "k"}
        assert await pilot.forbidden(user, document, input=given) == {coordinate}
    assert await state(pilot) == before


async def test_a_revocation_is_soon_in_force_in_every_process(pilot: House, secret: bytes) -> None:
    user = "shouqianshou.worker3"
    who = await member(pilot, user)
    databases = [
        await Database.open(pilot.url, secret=secret, audiences=[Audience.IDENTITY], size=2)
        for _ in range(2)
    ]
    processes = [Memberships(database) for database in databases]
    watches = [asyncio.create_task(process.watch()) for process in processes]

    async def turned_away(process: Memberships) -> None:
        while True:
            try:
                await process.principal(user, None)
            except RefusalError:
                return
            await asyncio.sleep(0.01)

    try:
        await asyncio.sleep(0.1)
        for process in processes:
            first = await process.principal(user, None)
            assert await process.principal(user, None) is first  # from memory
        await pilot.act(DIRECTOR, "suspendMember", memberId=who["id"], version=who["version"])
        # A second by a process's own clock (`test_memberships`); here others use the machine too.
        async with asyncio.timeout(5):
            await asyncio.gather(*map(turned_away, processes))
    finally:
        for watch in watches:
            watch.cancel()
        for database in databases:
            await database.close()


@pytest.mark.parametrize("audience", Audience)
async def test_the_access_version_only_ever_counts_up_and_for_the_own_bureau(
    pilot: House, audience: Audience
) -> None:
    await pilot.owner.execute(
        "INSERT INTO area (id, code, level, name) VALUES ($1, '990000', 'CITY', '他市')", OTHER
    )
    await pilot.owner.execute(
        "INSERT INTO bureau (id, slug, name, office, city_id) VALUES ($1, 'o', 'o', 'o', $1)", OTHER
    )
    await pilot.owner.execute("INSERT INTO access_version (id, version) VALUES ($1, 7)", OTHER)
    principal = await pilot.principal(DIRECTOR)
    context = type(principal.context)(
        audience, tenant_id=principal.tenant_id, bureau_id=principal.bureau_id
    )
    if audience is not Audience.AGENCY:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with pilot.database.write(context) as transaction:
                await transaction.connection.execute("SELECT citywide_raise_access()")
        return
    before = await pilot.owner.fetchval("SELECT version FROM access_version WHERE id <> $1", OTHER)
    async with pilot.database.write(context) as transaction:
        await transaction.connection.execute("SELECT citywide_raise_access()")
    for change in ("UPDATE access_version SET version = 1", "DELETE FROM access_version"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with pilot.database.write(context) as transaction:
                await transaction.connection.execute(change)
    versions = await pilot.owner.fetch(
        "SELECT id = $1 AS other, version FROM access_version", OTHER
    )
    assert {row["other"]: row["version"] for row in versions} == {True: 7, False: before + 1}
