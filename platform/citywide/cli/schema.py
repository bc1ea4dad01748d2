"""`citywide schema`: the published contract, printed from the code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from citywide.domain import CATALOGUE
from citywide.graph.schema import build_schema
from citywide.settings import Settings

FILE = Path("schema") / "citywide.graphql"

app = typer.Typer(help="The published contract.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `print` a command of its own while it is the only one."""


@app.command("print")
def print_schema(
    *,
    write: Annotated[
        bool, typer.Option("--write", help=f"Write {FILE.as_posix()} instead of printing.")
    ] = False,
) -> None:
    """Print the schema definition (SDL) of everything that can be asked."""
    text = build_schema(CATALOGUE).sdl()
    if not write:
        typer.echo(text, nl=False)
        return
    target = Settings().home / FILE
    target.write_text(text, encoding="utf-8", newline="\n")
    typer.echo(f"Wrote {target}.")
