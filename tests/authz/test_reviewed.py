"""The reviewed table is what the policy decides; what changes shows, and nothing is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from citywide.authz import decisions, reviewed
from citywide.authz.grants import Grant, Scope, in_words
from citywide.authz.policy import Policy

Edited = Callable[..., Policy]

CLOSE = "p, budget_officer, Mutation, inspectSpending|closeFinding, execute, bureau, allow"


def changed(folder: Path, policy: Policy) -> Iterator[str]:
    """The lines of the difference, with single spaces."""
    for line in reviewed.difference(folder, policy).splitlines():
        if line[0] in "+-" and line[:3] not in ("+++", "---"):
            yield line[0] + " ".join(line[1:].split())


def test_the_reviewed_table_is_what_the_policy_decides(policies: Path, policy: Policy) -> None:
    difference = reviewed.difference(policies, policy)
    assert difference == "", f"{difference}\nReview this, and run `{reviewed.COMMAND}`."


def test_nothing_is_granted_to_nobody_without_a_reason(policies: Path, policy: Policy) -> None:
    assert [*reviewed.nobodys(policy, decisions.read(policies))] == []


def test_the_table_has_a_line_for_every_coordinate_and_a_column_for_every_role(
    policy: Policy,
) -> None:
    first, *lines = [
        line for line in reviewed.table(policy).splitlines() if not line.startswith("#")
    ]
    assert {*first.split()} == policy.roles
    assert {line.split()[0] for line in lines} == policy.coordinates
    assert len(lines) == len(policy.coordinates)


def test_a_row_that_gives_more_shows_in_one_line(policies: Path, edited: Edited) -> None:
    policy = edited("p, auditor, Mutation, closeFinding, execute, bureau, allow")
    assert [*changed(policies, policy)] == [
        "-Mutation.closeFinding · · · · · · · bureau · · ·",
        "+Mutation.closeFinding · · · · · · · bureau · · bureau",
    ]


def test_a_new_role_shows_as_a_column(policies: Path, edited: Edited) -> None:
    lines = [*changed(policies, edited("g, quality_officer, contract_reader"))]
    [before, after] = [line.split() for line in lines if "director" in line]
    assert {*after} - {*before} == {"quality_officer", "+director"}
    assert "+Agreement.amount tenant · · tenant · · · bureau bureau bureau bureau bureau" in lines


def test_a_mutation_that_no_role_may_run_is_told(policies: Path, edited: Edited) -> None:
    policy = edited(CLOSE.replace("|closeFinding", ""), without=CLOSE)
    [fault] = reviewed.nobodys(policy, decisions.read(policies))
    assert fault.startswith("Mutation.closeFinding is granted to no role: ")


def test_what_is_nobodys_needs_a_decision_about_all_roles(policy: Policy, policies: Path) -> None:
    cases = [
        case.model_copy(update={"expect": {"others": "denied", "finance": "denied"}})
        if "NearDuplicate.existingId" in case.coordinates
        else case
        for case in decisions.read(policies)
    ]
    faults = [*reviewed.nobodys(policy, tuple(cases))]
    assert [fault.partition(" is ")[0] for fault in faults] == [
        "NearDuplicate.existingId",
        "NearDuplicate.fileNumber",
    ]


def test_a_table_that_is_missing_differs_in_every_line(tmp_path: Path, policy: Policy) -> None:
    assert len([*changed(tmp_path, policy)]) == len(reviewed.table(policy).splitlines())


@pytest.mark.parametrize(
    ("grant", "words"),
    [
        (None, "denied"),
        (Grant(Scope.TENANT, None), "tenant"),
        (Grant(None, Scope.BUREAU), "mask bureau"),
        (Grant(Scope.CASELOAD, Scope.TENANT), "caseload+mask tenant"),
        # A mask shows nothing where the value itself is seen.
        (Grant(Scope.BUREAU, Scope.BUREAU), "bureau"),
        (Grant(Scope.TENANT, Scope.CASELOAD), "tenant"),
    ],
)
def test_a_grant_is_said_in_few_words(grant: Grant | None, words: str) -> None:
    assert in_words(grant) == words
