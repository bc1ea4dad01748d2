"""From a token's subject to a principal: who may act, for which tenant, in which roles, today.

Memberships are remembered until the access version of any bureau changes, which every process
looks up twice a second; a revocation is in force everywhere within one second. A process that
could not look for a second remembers nothing and asks the database on every request.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final
from uuid import UUID

import asyncpg
from sqlalchemy import and_, select

from citywide.authz.grants import Scope
from citywide.authz.own_roles import PREFIX, OwnRole, OwnRule, Role
from citywide.authz.principal import Principal
from citywide.authz.rules import Action
from citywide.db.outage import AwayError
from citywide.db.rows import among
from citywide.db.session import (
    POOL_SIZE,
    POOL_WAIT_S,
    Audience,
    BusyError,
    Context,
    Database,
    Transaction,
)
from citywide.errors import Code, RefusalError, UnavailableError
from citywide.rules.clock import business_day
from citywide.rules.periods import Span
from citywide.tenancy.courses import MemberCourse
from citywide.tenancy.models import (
    ACCESS_VERSION,
    AGREEMENT,
    ASSIGNMENT,
    BUREAU,
    MEMBER,
    MEMBER_ROLE,
    OWN_ROLE,
    OWN_ROLE_RULE,
    TENANT,
)
from citywide.tenancy.words import MemberStatus, OwnRoleStatus, RuleAction, TenantKind

TENANT_HEADER = "Citywide-Tenant"
# Twice within the second in which a revocation must be in force.
POLL_S = 0.5
# What was seen so long ago is believed no longer: the second within which a revocation is in force.
TRUST_S = 1.0
# Look-ups under way at a time. A connection is left for the look at the access versions: without
# it a crowd that signs in would keep the process from looking, and then nobody is remembered.
LOOKUPS = POOL_SIZE - 1
# One entry is about 1 kB.
CACHED_PRINCIPALS = 10_000
SUPERVISOR_ONLY = frozenset({"supervisor"})
INVITEE_ONLY: frozenset[Role] = frozenset({"invitee"})


@dataclass(frozen=True, slots=True)
class Membership:
    """One subject's place in one tenant, with the periods of everything it depends on.

    `selves` are the subject's members in all tenants, this one included.
    """

    member_id: UUID
    selves: frozenset[UUID]
    tenant_id: UUID
    bureau_id: UUID
    tenant_slug: str
    tenant_name: str
    is_agency: bool
    status: MemberStatus
    replay_date: date | None
    roles: tuple[tuple[Role, Span], ...]
    agreements: tuple[Span, ...]
    assignments: tuple[tuple[UUID, Span], ...]


async def memberships_of(database: Database, subject: str) -> Sequence[Membership]:
    """Every membership of `subject`, in force or not, in one read transaction.

    Two contexts: first the subject alone, which shows its member rows and nothing else, then
    the tenants that those rows name.
    """
    context = Context(Audience.IDENTITY, subject=subject)
    async with database.read(context) as transaction:
        mine = select(MEMBER).where(MEMBER.c.subject == subject).order_by(MEMBER.c.tenant_id)
        members = await transaction.rows(mine)
        if not members:
            return []
        tenants = tuple(member["tenant_id"] for member in members)
        inside = Context(Audience.IDENTITY, subject=subject, tenants=tenants)
        await transaction.connection.execute(inside.enter_sql)
        listed = (
            select(TENANT, BUREAU.c.replay_date)
            .join(BUREAU, BUREAU.c.id == TENANT.c.bureau_id)
            .where(among(TENANT.c.tenant_id, tenants))
        )
        by_tenant = {row["tenant_id"]: row for row in await transaction.rows(listed)}
        held = among(MEMBER_ROLE.c.member_id, [member["id"] for member in members])
        roles = await transaction.rows(
            select(MEMBER_ROLE).where(among(MEMBER_ROLE.c.tenant_id, tenants), held)
        )
        held = among(ASSIGNMENT.c.member_id, [member["id"] for member in members])
        assignments = await transaction.rows(
            select(ASSIGNMENT).where(among(ASSIGNMENT.c.tenant_id, tenants), held)
        )
        agreements = await transaction.rows(
            select(AGREEMENT).where(among(AGREEMENT.c.tenant_id, tenants))
        )
        own = await _own_roles(transaction, roles)
    selves = frozenset(member["id"] for member in members)
    return [
        Membership(
            member_id=member["id"],
            selves=selves,
            tenant_id=member["tenant_id"],
            bureau_id=member["bureau_id"],
            tenant_slug=tenant["slug"],
            tenant_name=tenant["name"],
            is_agency=tenant["kind"] == TenantKind.AGENCY,
            status=MemberStatus[member["status"]],
            replay_date=tenant["replay_date"],
            roles=tuple(
                (role, _span(row))
                for row in _of(member, roles)
                if (role := _role(row, own)) is not None
            ),
            agreements=tuple(
                _span(row) for row in agreements if row["tenant_id"] == member["tenant_id"]
            ),
            assignments=tuple((row["agency_id"], _span(row)) for row in _of(member, assignments)),
        )
        for member in members
        if (tenant := by_tenant.get(member["tenant_id"])) is not None
    ]


async def _own_roles(
    transaction: Transaction, held: Sequence[asyncpg.Record]
) -> dict[tuple[UUID, str], OwnRole]:
    """The roles of their agencies' own among those `held`, by tenant and name."""
    wanted = {row["tenant_id"] for row in held if row["role"].startswith(PREFIX)}
    if not wanted:
        return {}
    in_force = select(OWN_ROLE).where(
        among(OWN_ROLE.c.tenant_id, wanted), OWN_ROLE.c.status == OwnRoleStatus.IN_USE
    )
    roles = await transaction.rows(in_force)
    listed = select(OWN_ROLE_RULE).join(
        OWN_ROLE,
        and_(
            OWN_ROLE.c.tenant_id == OWN_ROLE_RULE.c.tenant_id,
            OWN_ROLE.c.id == OWN_ROLE_RULE.c.role_id,
            OWN_ROLE.c.version == OWN_ROLE_RULE.c.role_version,
        ),
    )
    rules = await transaction.rows(listed.where(among(OWN_ROLE_RULE.c.tenant_id, wanted)))
    return {(row["tenant_id"], row["name"]): own_role(row, rules) for row in roles}


def own_role(row: asyncpg.Record, rules: Iterable[asyncpg.Record]) -> OwnRole:
    """The role that a row of OWN_ROLE and its version's among `rules` make."""
    mine = [
        rule
        for rule in rules
        if (rule["tenant_id"], rule["role_id"]) == (row["tenant_id"], row["id"])
    ]
    return OwnRole(
        tenant_id=row["tenant_id"],
        name=row["name"],
        blocks=frozenset(rule["object"] for rule in mine if rule["action"] == RuleAction.INHERIT),
        rules=frozenset(
            OwnRule(rule["object"], Action[rule["action"]], Scope[rule["scope"]])
            for rule in mine
            if rule["action"] != RuleAction.INHERIT
        ),
    )


def _role(row: asyncpg.Record, own: Mapping[tuple[UUID, str], OwnRole]) -> Role | None:
    """The policy's role of this name, or the own role of just this tenant, if it is in use."""
    name: str = row["role"]
    if not name.startswith(PREFIX):
        return name
    return own.get((row["tenant_id"], name.removeprefix(PREFIX)))


def _of(member: asyncpg.Record, rows: Iterable[asyncpg.Record]) -> Iterable[asyncpg.Record]:
    key = (member["tenant_id"], member["id"])
    return (row for row in rows if (row["tenant_id"], row["member_id"]) == key)


def _span(row: asyncpg.Record) -> Span:
    return Span(row["valid_from"], row["valid_until"])


def choose(memberships: Sequence[Membership], tenant_slug: str | None) -> Membership:
    """The membership that a request is made under; raises `RefusalError`.

    The sentences list the subject's own tenants only: whether another tenant exists is nobody's
    business here. An invitation that is not yet accepted gives way to any other membership: no
    agency can put itself between somebody and their work by inviting them.
    """
    own = ", ".join(sorted(membership.tenant_slug for membership in memberships))
    if not memberships:
        sentence = "You are not a member of any agency or bureau here."
        raise RefusalError(Code.FORBIDDEN, sentence)
    if tenant_slug is not None:
        candidates = [each for each in memberships if each.tenant_slug == tenant_slug]
        if not candidates:
            sentence = f"The header {TENANT_HEADER} names none of your tenants, which are: {own}."
            raise RefusalError(Code.FORBIDDEN, sentence)
    else:
        active = [each for each in memberships if each.status is MemberStatus.ACTIVE]
        invited = [each for each in memberships if each.status is MemberStatus.INVITED]
        candidates = active or invited or [*memberships]
    if len(candidates) > 1:
        sentence = f"You belong to several tenants ({own}): name one in the header {TENANT_HEADER}."
        raise RefusalError(Code.BAD_USER_INPUT, sentence)
    return candidates[0]


def principal_of(subject: str, membership: Membership, today: date) -> Principal:
    """What `subject` is on the business day `today`; raises `RefusalError` with FORBIDDEN."""
    name = membership.tenant_name
    if membership.status not in MemberCourse.sign_in.sources:
        raise RefusalError(Code.FORBIDDEN, f"Your membership of {name} is suspended.")
    ends: list[date | None] = []
    if membership.is_agency:
        ends.append(_agreement_end(membership, today))
    roles = frozenset(role for role, span in membership.roles if span.covers(today))
    if membership.status is MemberStatus.INVITED:
        # What they were invited as begins when they accept.
        roles = INVITEE_ONLY
    if not roles:
        raise RefusalError(Code.FORBIDDEN, f"You have no role at {name} on {today}.")
    spans = [span for _, span in (*membership.roles, *membership.assignments)]
    ends += [day for span in spans for day in (span.start, span.end) if day and day > today]
    valid_until = min((day for day in ends if day is not None), default=None)

    tenant_id, bureau_id = membership.tenant_id, membership.bureau_id
    tenants: tuple[UUID, ...] = ()
    if membership.is_agency:
        context = Context(Audience.AGENCY, tenant_id=tenant_id, bureau_id=bureau_id)
    elif roles == SUPERVISOR_ONLY:
        assigned = {agency for agency, span in membership.assignments if span.covers(today)}
        tenants = (*sorted(assigned), tenant_id)
        context = Context(Audience.SUPERVISOR, tenants=tenants, bureau_id=bureau_id)
    else:
        context = Context(Audience.BUREAU, bureau_id=bureau_id)
    return Principal(
        subject=subject,
        member_id=membership.member_id,
        tenant_id=tenant_id,
        bureau_id=bureau_id,
        audience=context.audience,
        roles=roles,
        tenants=tenants,
        today=today,
        valid_until=valid_until,
        context=context,
        selves=membership.selves,
    )


def _agreement_end(membership: Membership, today: date) -> date | None:
    """The first day without an agreement after `today`, which must have one."""
    end: date | None = today
    # Agreements that follow one another without a gap are one period.
    for span in sorted(membership.agreements, key=lambda span: span.start or date.min):
        if end is not None and span.covers(end):
            end = span.end
    if end != today:
        return end
    past = [span.end for span in membership.agreements if span.end and span.end <= today]
    if past:
        what = f"The agreement of {membership.tenant_name} ended on {max(past)}"
    elif membership.agreements:
        begins = min(span.start or today for span in membership.agreements)
        what = f"The agreement of {membership.tenant_name} begins on {begins}"
    else:
        what = f"{membership.tenant_name} has no agreement"
    sentence = f"{what}: on {today} its members have no access."
    raise RefusalError(Code.FORBIDDEN, sentence)


@dataclass(frozen=True, slots=True)
class _Remembered:
    principal: Principal
    replay_date: date | None


@dataclass(slots=True)
class _Lookup:
    """A look-up under way, or waiting for its turn; `began_at` is when it began to read.

    `versions` are those that the process knew then.
    """

    task: asyncio.Task[Principal] | None = None
    began_at: float | None = None
    versions: Mapping[UUID, int] | None = None


class Memberships:
    """Principals by subject and tenant, remembered while `watch` keeps an eye on revocations."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database: Final = database
        self._clock: Final = clock
        self._remembered: OrderedDict[tuple[str, str | None], _Remembered] = OrderedDict()
        self._versions: dict[UUID, int] | None = None
        self._seen_at = float("-inf")
        self._lookups: dict[tuple[str, str | None], _Lookup] = {}
        self._turns = asyncio.Semaphore(LOOKUPS)

    async def principal(self, subject: str, tenant_slug: str | None) -> Principal:
        """Who `subject` is in the tenant it names, or in its only one.

        Raises `RefusalError`: FORBIDDEN when it has no access, BAD_USER_INPUT when it belongs to
        several tenants and named none; `UnavailableError` when nobody could be asked in time.
        Whoever asks while the same is being looked up shares the answer.
        """
        key = (subject, tenant_slug)
        known = self._remembered.get(key)
        if known is not None and self._is_in_force(known):
            self._remembered.move_to_end(key)
            return known.principal
        lookup = self._lookups.get(key)
        if lookup is None or not self._is_fresh(lookup):
            lookup = self._lookups[key] = _Lookup()
            lookup.task = asyncio.create_task(self._looked_up(subject, tenant_slug, lookup))
            lookup.task.add_done_callback(partial(self._forget, key, lookup))
        assert lookup.task is not None
        # Shielded: others may wait for it as well.
        return await asyncio.shield(lookup.task)

    async def watch(self) -> None:
        """Look for changed access for ever; the web application runs this beside its requests."""
        while True:
            # Without an answer there is nothing to do: `principal` sees that nobody has looked.
            with contextlib.suppress(UnavailableError, asyncpg.PostgresError):
                await self.look()
            await asyncio.sleep(POLL_S)

    async def look(self) -> None:
        """Forget everything when a bureau's access version is another than last time."""
        started = self._clock()
        async with self._database.read(Context(Audience.IDENTITY)) as transaction:
            rows = await transaction.rows(select(ACCESS_VERSION.c.id, ACCESS_VERSION.c.version))
        versions = {row["id"]: row["version"] for row in rows}
        if versions != self._versions:
            self._versions = versions
            self._remembered.clear()
        self._seen_at = started

    async def _looked_up(self, subject: str, tenant_slug: str | None, lookup: _Lookup) -> Principal:
        try:
            async with asyncio.timeout(POOL_WAIT_S):
                await self._turns.acquire()
        except TimeoutError:
            raise BusyError from None
        try:
            lookup.began_at, lookup.versions = self._clock(), self._versions
            membership = choose(await memberships_of(self._database, subject), tenant_slug)
        except asyncpg.QueryCanceledError as error:
            # Nobody who signs in can ask for less.
            raise AwayError from error
        finally:
            self._turns.release()
        today = business_day(membership.replay_date)
        principal = principal_of(subject, membership, today)
        # What was read before the latest change was noticed may be what has changed.
        if lookup.versions is not None and lookup.versions is self._versions:
            self._remembered[subject, tenant_slug] = _Remembered(principal, membership.replay_date)
            if len(self._remembered) > CACHED_PRINCIPALS:
                self._remembered.popitem(last=False)
        return principal

    def _is_fresh(self, lookup: _Lookup) -> bool:
        """Whether what is being read cannot be older than what may be remembered."""
        if lookup.began_at is None:
            return True
        is_recent = self._clock() - lookup.began_at < TRUST_S
        return is_recent and lookup.versions is self._versions

    def _forget(
        self, key: tuple[str, str | None], lookup: _Lookup, done: asyncio.Task[Principal]
    ) -> None:
        if self._lookups.get(key) is lookup:
            del self._lookups[key]
        if not done.cancelled():
            # Everybody who waited may have gone.
            done.exception()

    @property
    def is_watched(self) -> bool:
        """Whether what is remembered may be trusted: this process has looked just now."""
        return self._clock() - self._seen_at < TRUST_S

    def _is_in_force(self, known: _Remembered) -> bool:
        return self.is_watched and known.principal.today == business_day(known.replay_date)
