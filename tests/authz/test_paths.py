"""Every path to a person: an edge, a root field or an id leads only where the role may read."""

from __future__ import annotations

import pytest

from citywide.authz.grants import Grants
from citywide.authz.policy import Policy
from citywide.graph.declare import Either, Entity, Few, Field, Many, One
from citywide.graph.schema import Schema

WITHOUT_PERSONS = ["budget_officer", "evaluator", "analyst"]
# What is about a beneficiary, a volunteer or a service to them.
PERSONAL = [
    "Beneficiary",
    "Entitlement",
    "Consent",
    "Assessment",
    "Enrolment",
    "ServiceRecord",
    "ServiceRecordVersion",
    "Attendance",
    "PastAttendance",
    "CampaignDue",
    "Volunteer",
    "VolunteerHours",
    "VolunteerLink",
]


def targets(declared: Field) -> list[str]:
    match declared:
        case One(target=target) | Many(target=target) | Few(target=target):
            return [target]
        case Either(alternatives=alternatives):
            return list(alternatives)
    return []


def readable_edges(schema: Schema, grants: Grants) -> list[tuple[Entity, str, Field]]:
    return [
        (entity, name, declared)
        for entity in schema.entities.values()
        for name, declared in entity.fields.items()
        if targets(declared) and grants.of(f"{entity.name}.{name}") is not None
    ]


def test_a_readable_edge_leads_to_readable_rows(policy: Policy, schema: Schema) -> None:
    for role in policy.roles:
        grants = policy.grants(frozenset({role}))
        for entity, name, declared in readable_edges(schema, grants):
            for target in targets(declared):
                found = grants.of(f"{target}.id")
                assert found is not None, f"{role}: {entity.name}.{name} leads to {target}"


def test_an_edge_that_is_never_null_leads_to_rows_at_least_as_wide(
    policy: Policy, schema: Schema
) -> None:
    for role in policy.roles:
        grants = policy.grants(frozenset({role}))
        for entity, name, declared in readable_edges(schema, grants):
            if not isinstance(declared, One) or declared.nullable:
                continue
            rows, target = grants.of(f"{entity.name}.id"), grants.of(f"{declared.target}.id")
            assert rows is not None
            assert rows.clear is not None
            assert target is not None
            assert target.clear is not None
            assert target.clear.covers(rows.clear), f"{role}: {entity.name}.{name}"


@pytest.mark.parametrize("role", WITHOUT_PERSONS)
def test_a_role_without_persons_has_no_path_to_one(
    policy: Policy, schema: Schema, role: str
) -> None:
    grants = policy.grants(frozenset({role}))
    assert not [name for name in (*PERSONAL, "Member") if grants.of(f"{name}.id")]
    for entity, name, declared in readable_edges(schema, grants):
        assert not set(targets(declared)) & {*PERSONAL, "Member"}, f"{entity.name}.{name}"
    for entity in schema.entities.values():
        if entity.name in {*PERSONAL, "Member"} and entity.root is not None:
            assert grants.of(f"Query.{entity.root}") is None


def test_finance_has_no_path_to_a_beneficiary(policy: Policy, schema: Schema) -> None:
    grants = policy.grants(frozenset({"finance"}))
    assert not [name for name in PERSONAL if grants.of(f"{name}.id")]
    for entity, name, declared in readable_edges(schema, grants):
        assert not set(targets(declared)) & set(PERSONAL), f"{entity.name}.{name}"


def test_every_entity_that_is_a_person_is_known_here(schema: Schema) -> None:
    persons = {entity.name for entity in schema.entities.values() if entity.person}
    assert persons <= {*PERSONAL, "Member"}


def test_everyone_may_ask_who_they_are(policy: Policy) -> None:
    for role in policy.roles:
        grants = policy.grants(frozenset({role}))
        for name in ["Query.viewer", "Viewer.name", "Viewer.tenant"]:
            assert grants.of(name) is not None, f"{role}: {name}"
        # Who is merely invited has no other way in than that.
        for name in ["Query.node", "Query.nodes"]:
            assert (grants.of(name) is None) == (role == "invitee"), f"{role}: {name}"
        for name in ["Viewer.roles", "MemberRole.role", "Agency.name", "Bureau.name"]:
            assert grants.of(name) is not None, f"{role}: {name}"


def test_only_the_director_sees_figures_by_service_type(policy: Policy) -> None:
    allowed = {
        role for role in policy.roles if policy.grants(frozenset({role})).of("Dimension.SEGMENT")
    }
    assert allowed == {"director"}
