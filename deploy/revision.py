"""Write the next database revision: what the code declares beyond what the migrations make.

`uv run poe revision "Add what."` makes a file beside the other revisions, to be read and mended by
a person: it knows nothing of renamed columns, nor of data to move.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path

import asyncpg
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from citywide.db.embedded import embedded_server
from citywide.db.migrate import migrate
from citywide.domain import METADATA

VERSIONS = Path(__file__).resolve().parents[1] / "platform/citywide/db/migrations/versions"
TEMPLATE = '''"""{sentence}"""

import sqlalchemy as sa
from alembic import op

from citywide.db.walls import protect_statements

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    new = []
    {body}
    for statement in protect_statements(new):
        op.execute(statement)
'''
# Row-level security and privileges follow from what a new table's `info` says.
CREATED = re.compile(r"op\.create_table\((.*?)\n    \)\n", re.DOTALL)
KEPT = r"new.append(op.create_table(\1\n    ))\n"


def main() -> None:
    """Compare, and write the file."""
    sentence = " ".join(sys.argv[1:]) or "Change the schema."
    before = max(path.name[:4] for path in VERSIONS.glob("[0-9]*.py"))
    revision = f"{int(before) + 1:04}"
    with tempfile.TemporaryDirectory() as folder, embedded_server(Path(folder)) as url:
        body = CREATED.sub(KEPT, asyncio.run(difference(url)))
    text = TEMPLATE.format(sentence=sentence, revision=revision, before=before, body=body)
    name = "_".join(re.findall(r"[a-z]+", sentence.lower())[:4])
    path = VERSIONS / f"{revision}_{name}.py"
    path.write_text(text, encoding="utf-8")
    print(f"Wrote {path.name}: read it before you trust it.")  # noqa: T201 -- a command prints


async def difference(url: str) -> str:
    """The operations as Python."""
    await migrate(url, secret=b"of no use after this")
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url), poolclass=NullPool
    )

    def compared(connection: Connection) -> str:
        script = produce_migrations(MigrationContext.configure(connection), METADATA)
        assert script.upgrade_ops is not None
        return render_python_code(script.upgrade_ops)

    async with engine.connect() as connection:
        found = await connection.run_sync(compared)
    await engine.dispose()
    return found


if __name__ == "__main__":
    main()
