"""The decisions written down hold, and a wrong one would be noticed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from citywide.authz import decisions
from citywide.authz.decisions import Case, Expectation
from citywide.authz.grants import Scope
from citywide.authz.policy import Policy
from citywide.errors import OperatorError


@pytest.fixture
def folder(tmp_path: Path, policies: Path) -> Path:
    """A copy of the decisions that a test may spoil."""
    copied = tmp_path / "policies" / "decisions"
    shutil.copytree(policies / "decisions", copied)
    return copied


def write(path: Path, content: object) -> None:
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(content, file)


def test_every_decision_holds(policies: Path, policy: Policy) -> None:
    assert [str(each) for each in decisions.run(policies / "decisions", policy)] == []


def test_every_role_has_allowed_and_denied_cases(policies: Path, policy: Policy) -> None:
    files = decisions.read(policies / "decisions")
    assert files.keys() == policy.roles
    for role, file in files.items():
        found = {case.expect for case in file.cases}
        assert {Expectation.ALLOW, Expectation.DENY} <= found, role


def test_every_role_with_a_mask_has_a_masked_case(policies: Path, policy: Policy) -> None:
    for role, file in decisions.read(policies / "decisions").items():
        grants = policy.grants(frozenset({role})).by_coordinate.values()
        masks = any(grant.masked is not None for grant in grants)
        assert masks is any(case.expect is Expectation.MASK for case in file.cases), role


def flipped(case: Case) -> dict[str, object]:
    """The same case with an expectation that contradicts it."""
    allowed = case.expect is Expectation.ALLOW
    return {
        "because": case.because,
        "coordinates": list(case.coordinates),
        "expect": "deny" if allowed else "allow",
        "scope": (case.scope or Scope.TENANT).value,
    }


def test_every_wrong_expectation_is_noticed(folder: Path, policy: Policy) -> None:
    expected = 0
    for role, file in decisions.read(folder).items():
        cases = [flipped(case) for case in file.cases]
        expected += sum(len(case.coordinates) for case in file.cases)
        write(folder / f"{role}.yaml", {"role": role, "cases": cases})
    assert len(decisions.run(folder, policy)) == expected


def test_a_scope_too_wide_or_too_narrow_is_noticed(folder: Path, policy: Policy) -> None:
    case = {"because": "It is wrong.", "coordinates": ["Beneficiary.name"]}
    for scope in ("tenant", "bureau"):
        wrong = [{**case, "expect": "allow", "scope": scope}]
        write(folder / "social_worker.yaml", {"role": "social_worker", "cases": wrong})
        [failure] = decisions.run(folder, policy)
        assert failure.place == "policies/decisions/social_worker.yaml"
        assert "It is wrong." in str(failure)
        assert "policies/policy.csv:" in str(failure)


def test_a_role_without_decisions_is_a_failure(folder: Path, policy: Policy) -> None:
    (folder / "auditor.yaml").unlink()
    [failure] = decisions.run(folder, policy)
    assert failure.place == "policies/decisions/auditor.yaml"


def test_decisions_about_what_does_not_exist_are_failures(folder: Path, policy: Policy) -> None:
    case = {"because": "None.", "coordinates": ["Purse.strings"], "expect": "deny"}
    write(folder / "auditor.yaml", {"role": "auditor", "cases": [case]})
    write(folder / "ghost.yaml", {"role": "ghost", "cases": [case]})
    assert [failure.problem for failure in decisions.run(folder, policy)] == [
        "Purse.strings is not in the schema.",
        "no member can hold the role ghost.",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"role": "auditor"}, "cases: Field required"),
        ({"role": "auditor", "cases": []}, "cases: "),
        ({"role": "officer", "cases": [{}]}, "cases.0.because: Field required"),
        (
            {
                "role": "auditor",
                "cases": [{"because": "x", "coordinates": ["Area.id"], "expect": "allow"}],
            },
            "needs a scope",
        ),
        (
            {
                "role": "officer",
                "cases": [{"because": "x", "coordinates": ["Area.id"], "expect": "deny"}],
            },
            "a file is named after its role",
        ),
        ("just words", "the file: "),
    ],
)
def test_a_file_that_says_nothing_clear_is_refused(
    folder: Path, content: object, reason: str
) -> None:
    write(folder / "auditor.yaml", content)
    with pytest.raises(OperatorError, match=r"^policies/decisions/auditor\.yaml: ") as refused:
        decisions.read(folder)
    assert reason in str(refused.value)


def test_broken_yaml_is_refused(folder: Path) -> None:
    (folder / "auditor.yaml").write_text("role: [", encoding="utf-8")
    with pytest.raises(OperatorError, match=r"auditor\.yaml: cannot be read"):
        decisions.read(folder)
