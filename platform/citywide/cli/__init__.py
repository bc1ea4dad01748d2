"""The command `citywide`: parse options, call one function, print."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import typer

from citywide.cli import bench, policy, schema, start, tenants
from citywide.cli.complaints import our_fault

app = typer.Typer(
    help="Bureau and agencies behind one GraphQL schema.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("up")(start.up)
app.command("migrate")(start.migrate_database)
app.command("serve")(start.serve_only)
app.command("token")(start.token)
app.add_typer(tenants.app, name="tenants")
app.add_typer(policy.app, name="policy")
app.add_typer(schema.app, name="schema")
app.add_typer(bench.app, name="bench")


def main() -> None:
    """Run the command of this process's arguments; never ends in a traceback."""
    # A terminated command stops what it started, as an interrupted one does.
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        app()
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        sys.stderr.close()
    except Exception as error:  # noqa: BLE001 -- the last place that can say it in a sentence
        our_fault(error)


def _interrupted(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
