"""What is kept of a database's complaint quotes no value."""

from __future__ import annotations

import sys
import tempfile
import traceback
from datetime import date
from pathlib import Path

import asyncpg
import pytest
import structlog

from citywide.audit.words import AuditKind
from citywide.cli.complaints import our_fault
from citywide.db.session import Audience, Context, Database
from citywide.ids import NO_TENANT
from citywide.web.app import log_plainly
from journeys.canaries import files_below, server_log

CANARY = "司马百灵"
CONTEXT = Context(Audience.AGENCY, tenant_id=NO_TENANT, bureau_id=NO_TENANT)
# Each complaint quotes the value.
ASKED = {
    "the driver, of a value": ("SELECT $1::date", CANARY),
    "the driver, of a list": ("SELECT $1::date[]", [CANARY]),
    "the server, of a value": ("SELECT CAST($1::text AS date)", CANARY),
    "the server, of several lines": ("SELECT CAST($1::text AS integer)", f'{CANARY}"\n{CANARY}'),
}


@pytest.mark.parametrize("case", ASKED)
async def test_an_error_leaves_a_transaction_without_values(
    database: Database, database_url: str, case: str
) -> None:
    owner = await asyncpg.connect(database_url)
    with pytest.raises(asyncpg.DataError, match=CANARY):
        await owner.fetch(*ASKED[case])
    await owner.close()
    with pytest.raises(asyncpg.DataError) as caught:
        async with database.read(CONTEXT) as transaction:
            await transaction.connection.fetch(*ASKED[case])
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def raised(case: str) -> None:
    """Errors that quote what they were given."""
    match case:
        case "a key":
            {}[CANARY]
        case "a number":
            int(CANARY)
        case "a set of words":
            AuditKind(CANARY)
        case "an assertion":
            raise AssertionError(f"{CANARY!r} is not right")
        case "a cause":
            try:
                date.fromisoformat(CANARY)
            except ValueError as error:
                raise RuntimeError from error
        case "a group":
            raise ExceptionGroup("several", [ValueError(f"{CANARY!r} is one")])


@pytest.mark.parametrize(
    "case", ["a key", "a number", "a set of words", "an assertion", "a cause", "a group"]
)
def test_a_line_of_the_log_quotes_no_value(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- of any kind
        raised(case)
    assert CANARY in "".join(traceback.format_exception(caught.value))
    configured = structlog.get_config()
    try:
        log_plainly()
        logger = structlog.wrap_logger(structlog.PrintLogger(sys.stderr))
        logger.error("request failed", exc_info=caught.value)
    finally:
        structlog.configure(**configured)
    line = capsys.readouterr().err
    assert "raised(case)" in line
    assert CANARY not in line


async def test_neither_the_file_of_a_fault_nor_the_servers_log_quotes_an_owners_row(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await asyncpg.connect(database_url)
    await owner.execute("CREATE TEMP TABLE told (name text CONSTRAINT seen_in_the_log UNIQUE)")
    await owner.execute("INSERT INTO told VALUES ($1)", CANARY)
    with pytest.raises(asyncpg.UniqueViolationError, match=CANARY) as refused:
        await owner.execute("INSERT INTO told VALUES ($1)", CANARY)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(SystemExit):
        our_fault(refused.value)
    [fault] = files_below(tmp_path).values()
    assert "UniqueViolationError" in fault
    assert CANARY not in fault
    log = server_log(await owner.fetchval("SHOW data_directory"))
    await owner.close()
    assert "seen_in_the_log" in log
    assert f"({CANARY})" not in log
