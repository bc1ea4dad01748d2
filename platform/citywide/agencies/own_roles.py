"""Use cases on roles that an agency makes for itself, as mutations."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows, of_tenant
from citywide.acts.problems import wrong_state
from citywide.agencies.drafts import (
    ChangeRole,
    DefineRole,
    RetireRole,
    content_faults,
    name_faults,
    own_rule,
)
from citywide.authz.own_roles import OwnRole
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.ids import new_id
from citywide.tenancy.access import raise_access_version
from citywide.tenancy.models import OWN_ROLE, OWN_ROLE_RULE

NO_ROLE = "There is no OwnRole with this id."
# Each is a set of grants that every process keeps; an agency has some dozen members.
MOST_ROLES = 30


@mutation(gives="OwnRole")
async def define_role(act: Act, draft: DefineRole) -> UUID:
    """Make a role of the agency's own, which may do nothing that a director may not hand on."""
    await raise_access_version(act.transaction)
    present = await act.transaction.rows(of_tenant(select(OWN_ROLE), OWN_ROLE, desk=act.desk))
    refuse([*name_faults(draft, {row["name"] for row in present}), *content_faults(draft)])
    refuse(_faults(act, draft.name, draft))
    if sum(row["status"] == "IN_USE" for row in present) >= MOST_ROLES:
        raise wrong_state(f"An agency has at most {MOST_ROLES} roles in use: retire one.")
    row = act.desk.owned(id=new_id(), name=draft.name, label=draft.label, status="IN_USE")
    [role_id] = await insert_rows(act.transaction, table=OWN_ROLE, rows=[row])
    await _write_rules(act, role_id, 1, draft)
    return role_id


@mutation(gives="OwnRole")
async def change_role(act: Act, draft: ChangeRole) -> UUID:
    """Change what a role of the agency's own may do, for everyone who holds it."""
    await raise_access_version(act.transaction)
    role = await act.find(OWN_ROLE, draft.own_role_id, "own_role_id", NO_ROLE)
    if role["status"] != "IN_USE":
        raise wrong_state("The role is retired.", "ownRoleId")
    refuse(content_faults(draft))
    refuse(_faults(act, role["name"], draft))
    await act.update(OWN_ROLE, role, {"label": draft.label}, version=draft.version)
    await _write_rules(act, role["id"], role["version"] + 1, draft)
    return draft.own_role_id


@mutation(gives="OwnRole")
async def retire_role(act: Act, draft: RetireRole) -> UUID:
    """Take a role of the agency's own out of use: whoever holds it holds nothing by it."""
    await raise_access_version(act.transaction)
    role = await act.find(OWN_ROLE, draft.own_role_id, "own_role_id", NO_ROLE)
    if role["status"] != "IN_USE":
        raise wrong_state("The role is retired already.", "ownRoleId")
    await act.update(OWN_ROLE, role, {"status": "RETIRED"}, version=draft.version)
    return draft.own_role_id


def _faults(act: Act, name: str, draft: DefineRole | ChangeRole) -> Iterator[Fault]:
    """Why the policy does not let an agency make this role, at the block or rule it is about."""
    rules = [own_rule(each) for each in draft.rules]
    role = OwnRole(act.desk.tenant_id, name, frozenset(draft.blocks), frozenset(rules))
    places: dict[str, tuple[str | int, ...]] = {
        each.coordinate: ("rules", place, "coordinate") for place, each in enumerate(draft.rules)
    }
    places |= {block: ("blocks", place) for place, block in enumerate(draft.blocks)}
    for about, sentence in act.policy.faults_of_role(role):
        yield Fault(places.get(about, ("rules",)), sentence)


async def _write_rules(
    act: Act, role_id: UUID, version: int, draft: DefineRole | ChangeRole
) -> None:
    said = [(block, "INHERIT", "TENANT") for block in draft.blocks]
    said += [(rule.coordinate, rule.action, rule.scope) for rule in draft.rules]
    rows = [
        act.desk.owned(
            id=new_id(),
            role_id=role_id,
            role_version=version,
            object=coordinate,
            action=action,
            scope=scope,
        )
        for coordinate, action, scope in said
    ]
    await insert_rows(act.transaction, table=OWN_ROLE_RULE, rows=rows)
