"""Use cases of the roles that an agency makes for itself: define, change, retire."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.problems import wrong_state
from citywide.authz.grants import Scope
from citywide.authz.own_roles import OwnRole, OwnRule
from citywide.authz.rules import Action
from citywide.errors import Fault, Path, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import draft, formed, id_of, line, list_of, version, word
from citywide.rules.texts import TITLE_LENGTH
from citywide.tenancy.access import raise_access_version
from citywide.tenancy.courses import OwnRoleCourse
from citywide.tenancy.models import OWN_ROLE, OWN_ROLE_RULE
from citywide.tenancy.words import OwnRoleStatus, RuleAction, RuleScope

NAME = r"[a-z][a-z0-9_]{1,38}[a-z0-9]"
# Names of the schema have a third of that.
COORDINATE = r"[A-Z][A-Za-z0-9]{0,59}\.(\*|[A-Za-z][A-Za-z0-9_]{0,59})"
# Each is a set of grants that every process keeps; an agency has some dozen members.
MOST_ROLES = 30
# A role made of more single permissions than this is made of building blocks.
MOST_RULES = 200
# There are not many more roles in a policy than this.
MOST_BLOCKS = 20


@draft
class OwnRoleRuleDraft:
    """One permission of a role."""

    coordinate: str = formed(
        "What it is about.",
        COORDINATE,
        "A coordinate is a field as Type.field, or all of a type as Type.*.",
    )
    action: RuleAction = word("What may be done.")
    scope: RuleScope = word("In which rows.")


@draft
class RoleContent:
    """What a role is called and may do."""

    label: str = line("What people call it.", TITLE_LENGTH)
    blocks: tuple[str, ...] = list_of(
        "Roles of the policy all of whose permissions it has.", most=MOST_BLOCKS, distinct=True
    )
    rules: tuple[OwnRoleRuleDraft, ...] = list_of(
        "Single permissions.", most=MOST_RULES, distinct=True
    )


@draft
class DefineRole(RoleContent):
    """A role of the agency's own."""

    name: str = formed(
        "What its members hold it by; it never changes.",
        NAME,
        "A role's name has 3 to 40 lower case letters, digits and _, a letter first.",
    )


@mutation(gives="OwnRole")
async def define_role(act: Act, draft: DefineRole) -> UUID:
    """Make a role of the agency's own, which may do nothing that a director may not hand on."""
    await raise_access_version(act.transaction)
    faults = [*_content_faults(draft)]
    if await act.row(OWN_ROLE, name=draft.name):
        message = "The agency has, or had, another role of this name."
        faults.append(Fault(("name",), message, "TAKEN"))
    refuse(faults)
    refuse(_policy_faults(act, draft.name, draft))
    if len(await act.rows(OWN_ROLE, status=OwnRoleStatus.IN_USE)) >= MOST_ROLES:
        raise wrong_state(f"An agency has at most {MOST_ROLES} roles in use: retire one.")
    role_id = await act.insert(OWN_ROLE, draft, status=OwnRoleStatus.IN_USE)
    await _write_rules(act, role_id, 1, draft)
    return role_id


@draft
class ChangeRole(RoleContent):
    """What a role may do from now on, in place of all it could."""

    own_role_id: UUID = id_of("OwnRole", "Which role.")
    version: int = version()


@mutation(gives="OwnRole")
async def change_role(act: Act, draft: ChangeRole) -> UUID:
    """Change what a role of the agency's own may do, for everyone who holds it."""
    await raise_access_version(act.transaction)
    role = await act.find(OWN_ROLE, draft.own_role_id, "own_role_id")
    act.check(OwnRoleCourse.change, role, "own_role_id")
    refuse(_content_faults(draft))
    refuse(_policy_faults(act, role["name"], draft))
    await act.update(OWN_ROLE, role, draft)
    await _write_rules(act, role["id"], role["version"] + 1, draft)
    return role["id"]


@draft
class RetireRole:
    """A role that nobody holds from now on."""

    own_role_id: UUID = id_of("OwnRole", "Which role.")
    version: int = version()


@mutation(gives="OwnRole")
async def retire_role(act: Act, draft: RetireRole) -> UUID:
    """Take a role of the agency's own out of use: whoever holds it holds nothing by it."""
    await raise_access_version(act.transaction)
    role = await act.find(OWN_ROLE, draft.own_role_id, "own_role_id")
    await act.take(OwnRoleCourse.retire, role, draft, "own_role_id")
    return role["id"]


def _content_faults(draft: RoleContent) -> Iterator[Fault]:
    if not draft.blocks and not draft.rules:
        yield Fault(("rules",), "A role may do something.", "TOO_FEW")
    for place, rule in enumerate(draft.rules):
        if rule.action is RuleAction.INHERIT:
            message = "All that a role of the policy may is inherited by naming it among blocks."
            yield Fault(("rules", place, "action"), message)


def _policy_faults(act: Act, name: str, draft: RoleContent) -> Iterator[Fault]:
    """Why the policy does not let an agency make this role, at the block or rule it is about."""
    rules = frozenset(
        OwnRule(each.coordinate, Action[each.action], Scope[each.scope]) for each in draft.rules
    )
    role = OwnRole(act.tenant_id, name, frozenset(draft.blocks), rules)
    places: dict[str, Path] = {
        each.coordinate: ("rules", place, "coordinate") for place, each in enumerate(draft.rules)
    }
    places |= {block: ("blocks", place) for place, block in enumerate(draft.blocks)}
    for about, sentence in act.policy.faults_of_role(role):
        yield Fault(places.get(about, ("rules",)), sentence)


async def _write_rules(act: Act, role_id: UUID, version: int, draft: RoleContent) -> None:
    said = [(block, RuleAction.INHERIT, RuleScope.TENANT) for block in draft.blocks]
    said += [(rule.coordinate, rule.action, rule.scope) for rule in draft.rules]
    rows = [
        {
            "role_id": role_id,
            "role_version": version,
            "object": coordinate,
            "action": action,
            "scope": scope,
        }
        for coordinate, action, scope in said
    ]
    await act.insert_all(OWN_ROLE_RULE, rows)
