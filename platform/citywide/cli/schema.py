"""`citywide schema`: the published contract and the pages beside it, printed from the code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from citywide.domain import CATALOGUE
from citywide.graph.schema import build_schema
from citywide.rules.course import courses
from citywide.rules.pages import courses_page, words_page
from citywide.rules.words import sets_of_words
from citywide.settings import Settings

FOLDER = Path("schema")
FILE = FOLDER / "citywide.graphql"

Write = Annotated[bool, typer.Option("--write", help="Write the files instead of printing them.")]

app = typer.Typer(help="The published contract.", no_args_is_help=True)


@app.command("print")
def print_schema(*, write: Write = False) -> None:
    """Print the schema definition (SDL) of everything that can be asked."""
    _out(FILE, build_schema(CATALOGUE).sdl(), write=write)


@app.command("pages")
def print_pages(*, write: Write = False) -> None:
    """Print every course as a diagram, and every set of words with its labels."""
    for file, text in pages().items():
        _out(file, text, write=write)


def pages() -> dict[Path, str]:
    """The pages that the declarations make, by their files."""
    return {
        FOLDER / "courses.md": courses_page(courses()),
        FOLDER / "words.md": words_page(sets_of_words()),
    }


def _out(file: Path, text: str, *, write: bool) -> None:
    if not write:
        typer.echo(text, nl=False)
        return
    target = Settings().home / file
    target.write_text(text, encoding="utf-8", newline="\n")
    typer.echo(f"Wrote {target}.")
