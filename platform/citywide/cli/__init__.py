"""The command `citywide`: parse options, call one function, print."""

from __future__ import annotations

import os
import signal
from importlib import import_module
from types import FrameType
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from citywide.cli.complaints import our_fault, read_or_not
from citywide.starting import all_is_kept

# `citywide NAME` stands in the module of this name, as its `app`.
COMMANDS = (
    *("up", "migrate", "tenants", "serve", "token", "logins", "policy", "schema"),
    *("ledger", "audit", "report", "bench", "limits"),
)


class _Commands(TyperGroup):
    """Imports a command's module when it is called: all together take longer than a start."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        # Their names are enough for suggestions; help and calls go through `get_command`.
        self.commands = dict.fromkeys(COMMANDS, TyperCommand(None))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """See `TyperGroup`."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        with all_is_kept():
            module = import_module(f"{__name__}.{cmd_name}")
        command = get_command(module.app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=_Commands,
    help="Bureau and agencies behind one GraphQL schema.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def _citywide() -> None:
    """Make it a group, whose commands are found when they are called."""


def main() -> None:
    """Run the command of this process's arguments; never ends in a traceback."""
    # A terminated command stops what it started, as an interrupted one does; so does one whose
    # terminal is closed, unless it was told to outlive it.
    signal.signal(signal.SIGTERM, _interrupted)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _interrupted)
    _look_below_no_closed_home()
    try:
        with read_or_not():
            app()
    except Exception as error:  # noqa: BLE001 -- the last place that can say it in a sentence
        our_fault(error)


def _look_below_no_closed_home() -> None:
    """A home that may not be entered is none: the database's driver looks there for certificates.

    It takes a closed door for a fault, and a service's home is closed by its unit.
    """
    if not os.access(os.path.expanduser("~"), os.X_OK):  # noqa: PTH111 -- raises for nobody
        os.environ["HOME"] = os.devnull


def _interrupted(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
