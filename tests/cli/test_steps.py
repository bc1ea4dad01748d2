"""The steps of `up` one by one, on a PostgreSQL of the organisation's own with passwords."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import asyncpg

from cli.conftest import OWNER, PASSWORD, Production
from cli.operators import citywide, figures, free_port, running


async def test_the_steps_lead_from_an_empty_database_to_an_answer(
    production: Production, tmp_path: Path
) -> None:
    settings = production.settings(await production.database())
    port = free_port()

    def step(*arguments: str) -> str:
        result = citywide(*arguments, settings=settings)
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout

    assert step("migrate") == "The database is at the newest schema.\n"
    assert step("migrate") == "The database is at the newest schema.\n"
    kept = "SELECT rolname, rolpassword FROM pg_authid WHERE rolname ~ '^citywide_[a-z]+$'"
    administrator = await asyncpg.connect(production.url)
    stored = {row["rolname"]: row["rolpassword"] for row in await administrator.fetch(kept)}
    await administrator.close()
    del stored[OWNER]
    lines = [f'"{name}" "{verifier}"' for name, verifier in stored.items()]
    assert sorted(step("logins").splitlines()) == sorted(lines)
    # Only that takes the owner: all else connects as the logins, whose passwords are derived.
    settings["DATABASE_URL"] = settings["DATABASE_URL"].replace(f"{OWNER}:{PASSWORD}@", "")
    planned = step("tenants", "plan")
    assert re.fullmatch(r"(  .+\n)+yueqing: [0-9]+ rows to change\.\n", planned)
    assert step("tenants", "apply") == planned.replace("rows to change.", "rows changed.")
    assert step("tenants", "plan") == "yueqing: nothing to change.\n"
    assert step("tenants", "apply") == "yueqing: nothing changed.\n"
    loaded = int(step("tenants", "load").split()[1])
    assert loaded > 2_000
    assert step("tenants", "load") == "yueqing: 0 rows loaded.\n"
    # Only the keys are there: the database is another's.
    assert [path.name for path in production.data.iterdir()] == ["keys"]

    token = step("token", "shouqianshou.director").removesuffix("\n")
    assert token.count(".") == 2
    assert not set(token) & set(" \n")
    arguments = ("serve", "--port", port, "--workers", "2")
    with running(*arguments, output=tmp_path / "output", settings=settings) as server:
        assert server.until("\n") == f"ready http://127.0.0.1:{port}/graphql\n"
        assert figures(port, token)[0] == 27
        assert server.end(signal.SIGTERM) == (0, "")


async def test_the_owner_is_no_superuser_and_makes_no_superuser(production: Production) -> None:
    owner = await asyncpg.connect(production.url)
    try:
        strong = "SELECT rolname FROM pg_roles WHERE rolsuper OR rolbypassrls"
        assert [row["rolname"] for row in await owner.fetch(strong)] == ["postgres"]
        assert await owner.fetchval("SELECT rolcreaterole FROM pg_roles WHERE rolname = $1", OWNER)
    finally:
        await owner.close()
