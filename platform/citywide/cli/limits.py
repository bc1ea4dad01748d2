"""`citywide limits`: every bound of this build with its value and the reason for it.

A bound is a number that a module names in capitals; its reason is the comment directly above.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import groupby
from pathlib import Path

import typer

import citywide

# The rooms that a request passes; those of the domain have their bounds in the schema.
ROOMS = ("web", "graph", "acts", "audit", "events", "authz", "identity", "db")
_UNITS = {"S": "s", "SECONDS": "s", "MS": "ms", "BYTES": "bytes"}
_CAPITALS = re.compile(r"_?[A-Z][A-Z0-9_]*")
_FOLDER = Path(citywide.__file__).parent

app = typer.Typer(help="Every bound, and why it is as it is.")


@dataclass(frozen=True, slots=True)
class Limit:
    """One bound; `reason` is empty when nobody wrote one."""

    module: str
    name: str
    value: float
    reason: str

    @property
    def shown(self) -> str:
        """The value with its unit, where the name tells it."""
        unit = _UNITS.get(self.name.rpartition("_")[2], "")
        return f"{self.value:,} {unit}".replace(",", " ").strip()


@app.command()
def limits() -> None:
    """Print every bound of the server, by room, with the reason for its value."""
    for module, found in groupby(limits_of(ROOMS), key=lambda limit: limit.module):
        typer.echo(f"{module}")
        for limit in found:
            typer.echo(f"  {limit.name} = {limit.shown}\n    {limit.reason}")


def limits_of(rooms: tuple[str, ...]) -> Iterator[Limit]:
    """The bounds of these rooms, module by module in the order in which they stand."""
    for room in rooms:
        for path in sorted((_FOLDER / room).glob("*.py")):
            yield from _of(path, f"{room}.{path.stem}".removesuffix(".__init__"))


def _of(path: Path, module: str) -> Iterator[Limit]:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.parse(text).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if not _CAPITALS.fullmatch(name):
                    continue
                value = getattr(import_module(f"{citywide.__name__}.{module}"), name)
                if isinstance(value, int | float) and not isinstance(value, bool):
                    yield Limit(module, name, value, _above(lines, node.lineno - 1))
            case _:
                pass


def _above(lines: list[str], place: int) -> str:
    """The comment that ends on the line before this one."""
    found: list[str] = []
    while place and lines[place - 1].startswith("# "):
        place -= 1
        found.insert(0, lines[place].removeprefix("# "))
    return " ".join(found)
