"""A policy that does not fit is refused where it is loaded, and one that fits explains itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from citywide.authz.grants import Grant, Scope
from citywide.authz.policy import Policy
from citywide.errors import OperatorError

Edited = Callable[..., Policy]

# The first line after the file's own.
POLICY = Path(__file__).parents[2] / "policies" / "policy.csv"
LAST = len(POLICY.read_text(encoding="utf-8").splitlines()) + 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("p, finance, Agreement, sum, read, tenant, allow", "Agreement.sum is not in the schema"),
        ("p, finance, Purse, *, read, tenant, allow", "Purse.* is not in the schema"),
        (
            "p, finance, Agreement, id|sum, read, tenant, allow",
            "Agreement.sum is not in the schema",
        ),
        ("p, finance, Fund|Purse, *, read, tenant, allow", "Purse.* is not in the schema"),
        ("p, finance, *, *, read, tenant, allow", "a type is Type, several are Type|Type"),
        ("p, finance, , id, read, tenant, allow", "a type is Type, several are Type|Type"),
        ("p, finance, Agree.*, *, read, tenant, allow", "a type is Type, several are Type|Type"),
        ("p, finance, Fund|, *, read, tenant, allow", "a type is Type, several are Type|Type"),
        ("p, finance, agreement, id, read, tenant, allow", "a type is Type, several are Type|Type"),
        ("p, finance, Agreement, , read, tenant, allow", "fields are field, field|field or *"),
        ("p, finance, Agreement, id|, read, tenant, allow", "fields are field, field|field or *"),
        ("p, finance, Agreement, id|*, read, tenant, allow", "fields are field, field|field or *"),
        ("p, finance, Agreement, i*, read, tenant, allow", "fields are field, field|field or *"),
        ("p, finance, Agreement, .+, read, tenant, allow", "fields are field, field|field or *"),
        (
            "p, finance, Agreement, id)|(.*, read, tenant, allow",
            "fields are field, field|field or *",
        ),
        ("p, finance, Fund|Agreement, id, read, tenant, allow", "only with all their fields"),
        ("p, , Agreement, id, read, tenant, allow", "a role is lower case"),
        ("p, Finance, Agreement, id, read, tenant, allow", "a role is lower case"),
        ("p, finance, Agreement, id, write, tenant, allow", "the action 'write' is not one of"),
        ("p, finance, Agreement, id, read, city, allow", "the scope 'city' is not one of"),
        ("p, finance, Agreement, id, read, tenant, mask", "the effect 'mask' is not one of"),
        ("p, finance, Agreement, id, read, tenant", "a row is `p, role"),
        ("p, finance, Agreement.id, read, tenant, allow", "a row is `p, role"),
        ("x, finance, director", "a row is `p, role"),
        ("p, finance, Agreement, amount, read, tenant, allow", "says the same as policies/policy"),
        ("p, finance, Budget, id|line, read, tenant, allow", "about Budget.id"),
        ("p, finance, Agreement, number|number, read, tenant, allow", "about Agreement.number"),
        (
            "p, agency_member, Agreement, *, read, tenant, allow",
            "about Agreement.agency, Agreement.id",
        ),
        ("p, finance, Agreement, id, read_masked, tenant, allow", "Agreement.id has no mask"),
        ("p, finance, Volunteer, *, read_masked, tenant, allow", "Volunteer.skills has no mask"),
        ("p, finance, Project, id, read, caseload, allow", "no row of Project is in a caseload"),
        ("p, finance, Project, id, read, bureau, allow", "agency_member has no rows of scope"),
        ("p, officer, Project, id, read, tenant, allow", "bureau_member has no rows of scope"),
        ("p, supervisor, Project, id, read, bureau, allow", "assigned_member has no rows of scope"),
        ("p, bystander, Project, id, read, tenant, allow", "bystander inherits from none of"),
        ("g, finance, bureau_member", "finance inherits from agency_member and bureau_member"),
        ("g, agency_member, finance", "inherits from itself"),
        (
            "p, social_worker, Beneficiary, name, read, caseload, deny",
            "who is allowed tenant reads the caseload as well",
        ),
    ],
)
def test_a_row_that_does_not_fit_is_refused_with_its_line(
    edited: Edited, row: str, reason: str
) -> None:
    with pytest.raises(OperatorError) as refused:
        edited(row)
    faults = [line for line in str(refused.value).splitlines() if reason in line]
    assert faults, str(refused.value)
    assert faults[0].startswith("policies/policy.csv:")


def test_every_fault_is_listed_with_its_own_line(edited: Edited) -> None:
    with pytest.raises(OperatorError) as refused:
        edited(
            "p, finance, Agreement, sum, read, tenant, allow",
            "p, finance, Project, cost, read, tenant, allow",
        )
    assert [line.partition(": ")[0] for line in str(refused.value).splitlines()] == [
        f"policies/policy.csv:{LAST}",
        f"policies/policy.csv:{LAST + 1}",
    ]


def test_a_field_readable_in_fewer_rows_than_its_type_is_refused(edited: Edited) -> None:
    with pytest.raises(OperatorError, match=r"social_worker can read Beneficiary\.name in fewer"):
        edited(without="p, social_worker, Beneficiary, name, read_masked, tenant, allow")


def test_a_field_without_its_types_rows_is_refused(edited: Edited) -> None:
    with pytest.raises(OperatorError, match=r"finance can read Volunteer\.skills in fewer rows"):
        edited("p, finance, Volunteer, skills, read, tenant, allow")


def test_two_roles_that_leave_a_field_uncovered_between_them_are_refused(edited: Edited) -> None:
    # Finance would see all assessments, a social worker the category of their own clients only.
    with pytest.raises(OperatorError, match=r"finance and social_worker, held together"):
        edited("p, finance, Entitlement, id, read, tenant, allow")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (('r.sub != "" && ', ""), "allows an empty question"),
        (("&& r.scope == p.scope ", ""), "a rule for one scope allows another"),
        (("r.act == p.act && ", ""), "a rule for one action allows another"),
        (('r.field, "^(" + p.fields + ")$"', "r.field, p.fields"), "allows fields"),
        (('r.field, "^(" + p.fields + ")$"', 'r.field, "^" + p.fields + "$"'), "allows fields"),
        (('r.field, "^(" + p.fields + ")$"', 'r.field, ".*(" + p.fields + ")$"'), "allows afield"),
        (('r.type, "^(" + p.types + ")$"', "r.type, p.types"), "allows Things"),
        (('r.type, "^(" + p.types + ")$"', 'r.type, ".*(" + p.types + ")$"'), "allows AThing"),
        (('p.fields == "*" || ', ""), "Casbin cannot use it"),
        (("&& !some(where (p.eft == deny))", ""), "a denial beside a rule that allows"),
        (("some(where (p.eft == allow)) && ", ""), "a policy without rules allows something"),
        (("g(r.sub, p.sub)", "g(r.sub, p.thing)"), "Casbin cannot use it"),
        (("[matchers]", "[matches]"), "Casbin cannot use it"),
    ],
)
def test_a_model_that_decides_wrongly_is_refused(
    edited: Edited, change: tuple[str, str], reason: str
) -> None:
    with pytest.raises(OperatorError, match=r"^policies/model\.conf: ") as refused:
        edited(model=change)
    assert reason in str(refused.value)


def test_a_folder_without_policies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"model\.conf cannot be read"):
        Policy.load(tmp_path, [], [], [])


def test_nobody_may_read_anything_without_a_role(policy: Policy) -> None:
    assert policy.grants(frozenset()).by_coordinate == {}
    assert policy.grants(frozenset({""})).by_coordinate == {}


@pytest.mark.parametrize("name", ["ghost", "agency_member", "person_reader", "+director"])
def test_what_is_no_members_role_adds_nothing(policy: Policy, name: str) -> None:
    assert policy.grants(frozenset({name})).by_coordinate == {}
    both = policy.grants(frozenset({name, "finance"}))
    assert both.by_coordinate == policy.grants(frozenset({"finance"})).by_coordinate


def test_roles_of_two_base_roles_allow_nothing_together(policy: Policy) -> None:
    mixed = frozenset({"director", "officer"})
    assert policy.grants(mixed).by_coordinate == {}
    assert "together they allow nothing" in str(policy.why(mixed, "Agency.name"))


def test_two_roles_add_up(policy: Policy) -> None:
    both = policy.grants(frozenset({"social_worker", "finance"}))
    assert both.of("Agreement.amount") == Grant(Scope.TENANT, None)
    assert both.of("Beneficiary.name") == Grant(Scope.CASELOAD, Scope.TENANT)


def test_a_denial_outweighs_what_another_role_allows(edited: Edited) -> None:
    policy = edited("p, finance, Beneficiary, phone, read, tenant, deny")
    both = frozenset({"director", "finance"})
    assert policy.grants(both).of("Beneficiary.phone") is None
    assert policy.grants(frozenset({"director"})).of("Beneficiary.phone") is not None
    explained = policy.why(both, "Beneficiary.phone")
    assert [rule.place for rule in explained.rules] == [f"policies/policy.csv:{LAST}"]
    assert "is denied for director and finance." in str(explained)


def test_a_row_that_a_denial_narrows_loses_the_field_altogether(edited: Edited) -> None:
    # The caseload is left to a social worker, but the type's rows are the whole agency's.
    policy = edited(
        "p, finance, Beneficiary, phone, read, tenant, deny",
        "p, finance, Beneficiary, phone, read_masked, tenant, deny",
    )
    both = policy.grants(frozenset({"social_worker", "finance"}))
    assert both.of("Beneficiary.phone") is None
    assert both.of("Beneficiary.name") is not None


def test_the_rows_that_decided_are_named_with_their_lines(policy: Policy, policies: Path) -> None:
    lines = (policies / "policy.csv").read_text(encoding="utf-8").splitlines()
    explained = policy.why(frozenset({"social_worker"}), "Beneficiary.name")
    assert explained.grant == Grant(Scope.CASELOAD, Scope.TENANT)
    for rule in explained.rules:
        number = int(rule.place.rpartition(":")[2])
        assert lines[number - 1] == "p, " + ", ".join(rule.cells)
    assert [rule.action for rule in explained.rules] == ["read", "read_masked"]


def test_an_inherited_and_a_wildcard_row_are_named(policy: Policy) -> None:
    explained = policy.why(frozenset({"evaluator"}), "Agreement.amount")
    assert [rule.cells for rule in explained.rules] == [
        ("contract_reader", "Agreement|PlannedOutput", "*", "read", "bureau", "allow")
    ]


def test_the_row_that_names_several_is_named_for_each(policy: Policy) -> None:
    named = [
        str(rule).partition(": ")[2]
        for coordinate in ("Mutation.enterExpense", "Mutation.payExpense")
        for rule in policy.why(frozenset({"finance"}), coordinate).rules
    ]
    row = "finance, Mutation, enterExpense|mendExpense|payExpense, execute, tenant, allow"
    assert named == [row, row]


def test_a_denial_without_a_rule_says_so(policy: Policy) -> None:
    explained = policy.why(frozenset({"finance"}), "Beneficiary.name")
    assert explained.grant is None
    assert explained.rules == ()
    assert str(explained) == "Beneficiary.name is denied for finance. No rule allows it."


def test_an_unchanged_policy_keeps_its_version_and_a_changed_one_rises(
    edited: Edited, tmp_path: Path
) -> None:
    policy = edited()
    assert policy.reload() is policy
    file = tmp_path / "policies" / "policy.csv"
    file.write_text(
        file.read_text(encoding="utf-8").replace(
            "\np, finance, Agreement, amount, read, tenant, allow", ""
        ),
        encoding="utf-8",
    )
    changed = policy.reload()
    finance = frozenset({"finance"})
    assert changed.grants(finance).version == policy.grants(finance).version + 1
    assert changed.grants(finance).of("Agreement.amount") is None


def test_a_faulty_change_leaves_the_policy_in_force(edited: Edited, tmp_path: Path) -> None:
    policy = edited()
    with (tmp_path / "policies" / "policy.csv").open("a", encoding="utf-8") as file:
        file.write("\np, finance, Beneficiary, *, read, everywhere, allow")
    with pytest.raises(OperatorError, match="everywhere"):
        policy.reload()
    assert policy.grants(frozenset({"finance"})).of("Beneficiary.name") is None
