"""The decisions written down hold, and a wrong one would be noticed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from citywide.authz import decisions
from citywide.authz.decisions import FILE, Case
from citywide.authz.grants import DENIED
from citywide.authz.policy import Policy
from citywide.errors import OperatorError


@pytest.fixture
def folder(tmp_path: Path, policies: Path) -> Path:
    """A copy of the decisions that a test may spoil."""
    copied = tmp_path / "policies"
    copied.mkdir()
    shutil.copy(policies / FILE, copied)
    return copied


def write(folder: Path, content: object) -> None:
    with (folder / FILE).open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(content, file)


def said_of(role: str, policy: Policy, cases: tuple[Case, ...]) -> Iterator[str]:
    for case in cases:
        expected = case.of(policy.role_order)
        if role in expected:
            yield expected[role]


def test_every_decision_holds(policies: Path, policy: Policy) -> None:
    assert [str(each) for each in decisions.run(policies, policy)] == []


def test_every_role_has_allowed_masked_and_denied_cases(policies: Path, policy: Policy) -> None:
    cases = decisions.read(policies)
    for role in policy.roles:
        found = {*said_of(role, policy, cases)}
        assert DENIED in found, role
        assert found & {"tenant", "assigned", "bureau"}, role
        grants = policy.grants(frozenset({role})).by_coordinate.values()
        masks = any(grant.masked is not None for grant in grants)
        assert masks is any("mask" in word for word in found), role


def test_every_wrong_expectation_is_noticed(folder: Path, policy: Policy) -> None:
    cases = decisions.read(folder)
    wrong = [
        {
            "because": case.because,
            "coordinates": [*case.coordinates],
            "expect": {
                role: "caseload" if word == DENIED else DENIED
                for role, word in case.of(policy.role_order).items()
            },
        }
        for case in cases
    ]
    write(folder, wrong)
    assert len(decisions.run(folder, policy)) == decisions.count(cases, policy)


@pytest.mark.parametrize(
    "words", ["tenant", "caseload", "mask tenant", "caseload+mask bureau", "denied"]
)
def test_a_scope_too_wide_or_too_narrow_is_noticed(
    folder: Path, policy: Policy, words: str
) -> None:
    case = {"because": "It is wrong.", "coordinates": ["Beneficiary.name"]}
    write(folder, [{**case, "expect": {"social_worker": words}}])
    [failure] = decisions.run(folder, policy)
    assert failure.place == "policies/decisions.yaml"
    assert f"expected {words} for social_worker, because: It is wrong." in str(failure)
    assert "policies/policy.csv:" in str(failure)


def test_a_role_that_a_case_does_not_name_is_one_of_the_others(
    folder: Path, policy: Policy
) -> None:
    case = {"because": "It is wrong.", "coordinates": ["OwnRole.id"]}
    write(folder, [{**case, "expect": {"others": "denied"}}])
    assert [failure.problem.splitlines()[:2] for failure in decisions.run(folder, policy)] == [
        [
            "expected denied for director, because: It is wrong.",
            "OwnRole.id is allowed within tenant for director.",
        ]
    ]


def test_decisions_about_what_does_not_exist_are_failures(folder: Path, policy: Policy) -> None:
    case = {"because": "None.", "coordinates": ["Purse.strings"]}
    write(folder, [{**case, "expect": {"ghost": "denied", "auditor": "denied"}}])
    assert [failure.problem for failure in decisions.run(folder, policy)] == [
        "no member can hold the role ghost.",
        "Purse.strings is not in the schema.",
    ]


SOUND = {"because": "x", "coordinates": ["Area.id"], "expect": {"auditor": "bureau"}}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([{}], "0.because: Field required"),
        ([{**SOUND, "because": ""}], "0.because: "),
        ([{**SOUND, "coordinates": []}], "0.coordinates: "),
        ([{**SOUND, "expect": {}}], "0.expect: "),
        ([{**SOUND, "scope": "bureau"}], "0.scope: Extra inputs"),
        ([{**SOUND, "expect": {"auditor": "allow"}}], "0.expect.auditor: "),
        ([{**SOUND, "expect": {"auditor": "mask"}}], "0.expect.auditor: "),
        ([{**SOUND, "expect": {"auditor": "bureau+assigned"}}], "0.expect.auditor: "),
        ([{**SOUND, "expect": {"auditor": "mask bureau+bureau"}}], "0.expect.auditor: "),
        ([{**SOUND, "expect": {"auditor": ""}}], "0.expect.auditor: "),
        ("just words", "the file: "),
    ],
)
def test_a_file_that_says_nothing_clear_is_refused(
    folder: Path, content: object, reason: str
) -> None:
    write(folder, content)
    with pytest.raises(OperatorError, match=r"^policies/decisions\.yaml: ") as refused:
        decisions.read(folder)
    assert reason in str(refused.value)


def test_broken_yaml_is_refused(folder: Path) -> None:
    (folder / FILE).write_text("- because: [", encoding="utf-8")
    with pytest.raises(OperatorError, match=r"decisions\.yaml: cannot be read"):
        decisions.read(folder)
