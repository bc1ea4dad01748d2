"""`citywide policy`: whether the policy decides as written down, and why it decides as it does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from citywide.authz import decisions, reviewed
from citywide.authz.membership import Memberships
from citywide.authz.policy import Policy
from citywide.cli.complaints import complaints
from citywide.cli.options import DataFolder, chosen
from citywide.cli.people import known, near, people
from citywide.db.embedded import running_database
from citywide.db.session import Database
from citywide.errors import OperatorError, RefusalError
from citywide.identity.keys import deployment_keys
from citywide.settings import Settings
from citywide.web.app import Rules

app = typer.Typer(
    help="Who may read what: run the decisions, print the table, explain one.",
    no_args_is_help=True,
)


@app.command("test")
def run_decisions() -> None:
    """Compare the policy with the decisions in policies/decisions.yaml and the reviewed table."""
    with complaints():
        folder, policy = _loaded()
        count = _held(folder, policy)
        difference = reviewed.difference(folder, policy)
    if difference:
        typer.echo(difference)
        typer.echo(f"Review this, and write it with `{reviewed.COMMAND}`.")
        raise typer.Exit(1)
    typer.echo(
        f"All {count} decisions for {len(policy.roles)} roles hold, "
        f"and {folder.name}/{reviewed.FILE} is as the policy is."
    )


@app.command("table")
def print_table(
    *,
    write: Annotated[
        bool, typer.Option("--write", help=f"Write policies/{reviewed.FILE} instead of printing.")
    ] = False,
) -> None:
    """Print what every role may do with every coordinate; write it only if all decisions hold."""
    with complaints():
        folder, policy = _loaded()
        text = reviewed.table(policy)
        if write:
            _held(folder, policy)
            (folder / reviewed.FILE).write_text(text, encoding="utf-8", newline="\n")
    typer.echo(f"Wrote {folder / reviewed.FILE}." if write else text, nl=write)


def _loaded() -> tuple[Path, Policy]:
    home = Settings().home
    return home / "policies", Rules.load(home).policy


def _held(folder: Path, policy: Policy) -> int:
    """How many decisions hold; where one does not, or none is made, the command ends with them."""
    cases = decisions.read(folder)
    count = decisions.count(cases, policy)
    failures = decisions.run(folder, policy)
    faults = [*map(str, failures), *reviewed.nobodys(policy, cases)]
    if failures:
        faults.append(f"{len(failures)} of {count} decisions for {len(policy.roles)} roles fail.")
    if faults:
        typer.echo("\n".join(faults))
        raise typer.Exit(1)
    return count


@app.command("why")
def explain(
    words: Annotated[list[str], typer.Argument(metavar="[USER] COORDINATE")],
    role: Annotated[
        list[str] | None, typer.Option(help="Ask about this role instead of a user; repeatable.")
    ] = None,
    tenant: Annotated[
        str | None, typer.Option(help="The tenant's short name, of a user who has several.")
    ] = None,
    data: DataFolder = None,
) -> None:
    """Say whether a user may read a coordinate such as Beneficiary.name, and which rule says so."""
    with complaints():
        settings = chosen(data)
        policy = Rules.load(settings.home).policy
        match words, role:
            case [coordinate], [_, *_]:
                roles = _known_roles(policy, role or [])
                answer = str(policy.why(roles, _known_coordinate(policy, coordinate)))
            case [user, coordinate], None:
                _known_coordinate(policy, coordinate)
                secret = deployment_keys(settings.data).secret
                with _running(settings) as url:
                    asked = _explain_user(
                        policy, people(url, secret=secret), user, tenant, coordinate
                    )
                    answer = asyncio.run(asked)
            case _:
                sentence = "Name a user and a coordinate, or --role ROLE and a coordinate."
                raise OperatorError(sentence)
    typer.echo(answer)


def _known_coordinate(policy: Policy, coordinate: str) -> str:
    if coordinate not in policy.coordinates:
        sentence = f"The schema has no {coordinate}.{near(coordinate, policy.coordinates)}"
        raise OperatorError(sentence)
    return coordinate


def _known_roles(policy: Policy, roles: Iterable[str]) -> frozenset[str]:
    asked = frozenset(roles)
    for unknown in sorted(asked - policy.roles):
        sentence = f"The policy has no role {unknown}. It has {', '.join(sorted(policy.roles))}."
        raise OperatorError(sentence)
    return asked


@contextmanager
def _running(settings: Settings) -> Iterator[str]:
    """The owner's URL of the deployment's database, which is not made for a question about it."""
    if settings.database_url is None and not (settings.data / "postgres").exists():
        sentence = (
            f"There is no database in {settings.data}: name its folder with --data, set "
            "DATABASE_URL, or ask about a role with --role."
        )
        raise OperatorError(sentence)
    with running_database(settings) as url:
        yield url


async def _explain_user(
    policy: Policy,
    opening: AbstractAsyncContextManager[Database],
    user: str,
    tenant: str | None,
    coordinate: str,
) -> str:
    async with opening as database:
        places = sorted(each.tenant_slug for each in await known(database, user))
        if tenant is None and len(places) > 1:
            sentence = f"{user} has several tenants: name one with --tenant ({', '.join(places)})."
            raise OperatorError(sentence)
        if tenant is not None and tenant not in places:
            sentence = f"{user} is not a member of {tenant}, but of {', '.join(places)}."
            raise OperatorError(sentence)
        try:
            principal = await Memberships(database).principal(user, tenant or places[0])
        except RefusalError as refusal:
            return f"{coordinate} is denied for {user}, who is told: {refusal.message}"
    held = " and ".join(sorted(map(str, principal.roles)))
    explained = policy.why(principal.roles, coordinate)
    return f"{user} is {held} at {tenant or places[0]} on {principal.today}.\n{explained}"
