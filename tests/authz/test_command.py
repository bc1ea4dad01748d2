"""`citywide policy` answers at the command line, with an exit code a script can use."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from citywide.cli.policy import app
from citywide.db.session import Database
from citywide.exchange.manifests import apply
from citywide.settings import CHECKOUT
from citywide.tenancy.load import load_manifests
from deployments import data_folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def home(tmp_path: Path, policies: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployment whose policies a test may spoil."""
    shutil.copytree(policies, tmp_path / "policies")
    monkeypatch.setenv("CITYWIDE_HOME", str(tmp_path))
    monkeypatch.setenv("CITYWIDE_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return tmp_path


def test_the_decisions_hold(home: Path) -> None:
    assert (home / "policies").exists()
    result = run("test")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "for 11 roles hold, and policies/reviewed.txt is as the policy is." in result.stdout


def test_a_decision_that_fails_is_told_with_the_rule(home: Path) -> None:
    with (home / "policies" / "policy.csv").open("a", encoding="utf-8") as file:
        file.write("\np, finance, Volunteer, id, read, tenant, allow")
    result = run("test")
    assert result.exit_code == 1
    assert "policies/decisions.yaml: expected denied for finance" in result.stdout
    assert "finance, Volunteer, id, read, tenant, allow" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("1 of ")


def append(home: Path, row: str) -> None:
    with (home / "policies" / "policy.csv").open("a", encoding="utf-8") as file:
        file.write(f"\n{row}")


def test_a_change_that_nobody_reviewed_is_told_with_the_command(home: Path) -> None:
    append(home, "p, auditor, Query, volunteerHours, read, bureau, allow")
    result = run("test")
    assert result.exit_code == 1
    assert "\n+Query.volunteerHours" in result.stdout
    assert result.stdout.splitlines()[-1].endswith("`citywide policy table --write`.")
    assert run("table", "--write").exit_code == 0
    assert run("test").exit_code == 0


def test_the_table_is_not_written_over_a_decision_that_fails(home: Path) -> None:
    reviewed = (home / "policies" / "reviewed.txt").read_text(encoding="utf-8")
    append(home, "p, finance, Volunteer, id, read, tenant, allow")
    result = run("table", "--write")
    assert result.exit_code == 1
    assert "expected denied for finance" in result.stdout
    assert (home / "policies" / "reviewed.txt").read_text(encoding="utf-8") == reviewed
    # Printed it is, so that one sees what would be written.
    assert run("table").stdout != reviewed


def test_what_nobody_may_do_is_told(home: Path) -> None:
    file = home / "policies" / "policy.csv"
    text = file.read_text(encoding="utf-8")
    row = "p, director, AuditEntry|AuditSubject|ProbeCount, *, read, tenant, allow\n"
    assert row in text
    other = row.replace("director", "auditor").replace("tenant", "bureau")
    file.write_text(text.replace(row, "").replace(other, ""), encoding="utf-8")
    result = run("test")
    assert result.exit_code == 1
    assert "AuditEntry.coordinate is granted to no role" in result.stdout


def test_a_faulty_policy_is_told_with_its_line(home: Path) -> None:
    with (home / "policies" / "policy.csv").open("a", encoding="utf-8") as file:
        file.write("\np, finance, Purse, *, read, tenant, allow")
    result = run("test")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("policies/policy.csv:")
    assert "Purse.* is not in the schema." in result.stderr


def test_a_role_is_explained_without_a_database(home: Path) -> None:
    assert not (home / "data").exists()
    result = run("why", "--role", "social_worker", "Beneficiary.name")
    assert result.exit_code == 0
    assert "allowed within caseload and masked within the rest of tenant" in result.stdout
    assert "social_worker, Beneficiary, name, read_masked, tenant, allow" in result.stdout
    assert not (home / "data").exists()


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--role", "finance", "beneficiary.Name"), "Near it: Beneficiary.name"),
        (("--role", "financier", "Beneficiary.name"), "The policy has no role financier."),
        (("--role", "agency_member", "Agency.id"), "The policy has no role agency_member."),
        (("Beneficiary.name",), "Name a user and a coordinate"),
        (("a.user", "Beneficiary.nome"), "The schema has no Beneficiary.nome."),
        (("a.user", "Beneficiary.name"), "There is no database in"),
    ],
)
def test_a_question_that_cannot_be_answered_gets_a_sentence(
    arguments: tuple[str, ...], sentence: str
) -> None:
    result = run("why", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert sentence in result.stderr


@pytest.fixture
async def city(
    home: Path,
    database: Database,
    database_url: str,
    secret: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The pilot's city, with its members."""
    data_folder(home / "data", secret)
    monkeypatch.setenv("DATABASE_URL", database_url)
    await apply(database, load_manifests(CHECKOUT / "tenants" / "yueqing"))


@pytest.mark.usefixtures("city")
async def test_a_user_is_explained_by_the_roles_they_have() -> None:
    result = await asyncio.to_thread(run, "why", "yixin.worker1", "Beneficiary.name")
    assert (result.exit_code, result.stderr) == (0, "")
    first, second, *rules = result.stdout.splitlines()
    assert first == "yixin.worker1 is social_worker at yixin on 2015-11-11."
    assert second.startswith("Beneficiary.name is allowed within caseload")
    assert rules


@pytest.mark.usefixtures("city")
async def test_a_user_nobody_knows_gets_those_with_a_name_like_it() -> None:
    result = await asyncio.to_thread(run, "why", "yixin.worker", "Beneficiary.name")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Nobody is called yixin.worker. Near it: ")
    assert "yixin.worker1" in result.stderr


@pytest.mark.usefixtures("city")
async def test_a_tenant_a_user_does_not_belong_to_gets_a_sentence() -> None:
    result = await asyncio.to_thread(
        run, "why", "yixin.worker1", "Beneficiary.name", "--tenant", "yijiaqin"
    )
    assert result.exit_code == 2
    assert "yixin.worker1 is not a member of yijiaqin, but of yixin." in result.stderr
