"""Read a city's folder: bounded, with the line of everything, and every problem reported.

The files are written by people and read by machines with the owner's rights over a city, so
they are held to a small part of YAML: mappings, lists, text, whole numbers, truth values and
days; no anchors, no tags, no second document.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
)
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from citywide.errors import OperatorError
from citywide.errors import Path as Place

# A manifest of five hundred members has some 60 KiB.
MANIFEST_BYTES = 256 * 1024
# The largest city's area list has some 300 KiB, a pilot's year of records less.
TABLE_BYTES = 8 * 1024 * 1024
# The deepest value of a manifest, a plan line's measure, lies eight levels down.
DEEPEST = 12
_TAG = "tag:yaml.org,2002:"

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to mend, and where."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        """As compilers print it."""
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Source:
    """A file as the reports name it, and the line on which each of its values stands."""

    file: str
    lines: dict[Place, int] = field(default_factory=dict)

    def problem(self, place: Place, message: str) -> Problem:
        """A problem with the value at `place`, or with the nearest one around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return Problem(self.file, self.lines.get(place, 1), message)


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a CSV file; blank cells are None."""

    line: int
    cells: dict[str, str | None]


def refuse_problems(problems: list[Problem], consequence: str) -> None:
    """Raise `OperatorError` with every problem, if there is one."""
    if not problems:
        return
    listed = "\n".join(f"  {problem}" for problem in problems)
    number = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
    sentence = f"There is {number}; {consequence}.\n{listed}"
    if len(problems) > 1:
        sentence = sentence.replace("There is", "There are", 1)
    raise OperatorError(sentence)


def read_manifest(
    path: Path, *, name: str, model: type[M]
) -> tuple[M | None, Source, list[Problem]]:
    """The manifest, if nothing is wrong with it; its source; what is wrong with it."""
    source = Source(name)
    problems: list[Problem] = []
    text = read_text(path, name=name, most_bytes=MANIFEST_BYTES, problems=problems)
    node = _composed(text, source, problems) if text is not None else None
    if node is None:
        return None, source, problems
    value = _value(node, (), source, problems)
    if problems:
        return None, source, problems
    try:
        return model.model_validate(value), source, problems
    except ValidationError as error:
        return None, source, [*_validation_problems(error, source)]


def read_tables(
    path: Path, *, folder: str, columns: Mapping[str, tuple[str, ...]], problems: list[Problem]
) -> dict[str, list[TableRow]]:
    """The rows of each CSV file of a folder, which faults call `folder`, by the file's name."""
    return {
        name: read_table(
            path / f"{name}.csv", name=f"{folder}/{name}.csv", columns=wanted, problems=problems
        )
        for name, wanted in columns.items()
    }


def read_table(
    path: Path, *, name: str, columns: tuple[str, ...], problems: list[Problem]
) -> list[TableRow]:
    """The rows of a CSV file in UTF-8 whose first line names exactly `columns`."""
    text = read_text(path, name=name, most_bytes=TABLE_BYTES, problems=problems)
    if text is None:
        return []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        head = tuple(next(reader, ()))
        if head != columns:
            problems.append(Problem(name, 1, f"The first line must be {','.join(columns)}."))
            return []
        return list(_table_rows(reader, name, columns, problems))
    except csv.Error as error:
        problems.append(Problem(name, reader.line_num, f"This is not CSV: {error}."))
        return []


def day_of(text: str | None, source: str, line: int, problems: list[Problem]) -> date | None:
    """The day in a cell, or None when the cell is blank."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        problems.append(Problem(source, line, f"{text!r} is not a day like 2015-11-11."))
        return None


def read_text(path: Path, *, name: str, most_bytes: int, problems: list[Problem]) -> str | None:
    """The file's text, if it is there, not too large, and UTF-8."""
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
        if len(data) <= most_bytes:
            return data.decode("utf-8-sig")
        message = f"The file is larger than {most_bytes // 1024} KiB."
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.append(Problem(name, line, "The file is not UTF-8."))
        return None
    except OSError as error:
        message = f"The file cannot be read: {error.strerror}."
    problems.append(Problem(name, 1, message))
    return None


def _table_rows(
    reader: Iterator[list[str]], name: str, columns: tuple[str, ...], problems: list[Problem]
) -> Iterator[TableRow]:
    line = 2
    for cells in reader:
        if len(cells) != len(columns):
            message = f"This line has {len(cells)} cells instead of {len(columns)}."
            problems.append(Problem(name, line, message))
        else:
            paired = zip(columns, cells, strict=True)
            yield TableRow(line, {column: cell.strip() or None for column, cell in paired})
        line = reader.line_num + 1  # type: ignore[attr-defined]


def _composed(text: str, source: Source, problems: list[Problem]) -> Node | None:
    """The document's nodes; the events come first because composing recurses."""
    try:
        problem = _first_refusal(text, source)
        if problem is None:
            node: Node | None = YAML(typ="safe", pure=True).compose(text)
            if isinstance(node, MappingNode):
                return node
            problem = Problem(source.file, 1, "A manifest is a mapping of keys to values.")
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = Problem(source.file, line, f"This is not YAML: {error.problem}.")
    except YAMLError:
        problem = Problem(source.file, 1, "This is not YAML: a character is not allowed.")
    problems.append(problem)
    return None


def _first_refusal(text: str, source: Source) -> Problem | None:
    """What makes the document unfit to be composed."""
    depth = documents = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        line = event.start_mark.line + 1
        if isinstance(event, CollectionStartEvent):
            depth += 1
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        documents += isinstance(event, DocumentStartEvent)
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            return Problem(source.file, line, "Anchors and aliases are not read; write it out.")
        if depth > DEEPEST:
            return Problem(source.file, line, f"This is nested deeper than {DEEPEST} levels.")
        if documents > 1:
            return Problem(source.file, line, "A file holds one document.")
    return None


def _value(node: Node, place: Place, source: Source, problems: list[Problem]) -> object:
    """The node as plain values; lists become tuples."""
    source.lines[place] = node.start_mark.line + 1
    match node:
        case MappingNode():
            return _mapping(node, place, source, problems)
        case SequenceNode():
            return tuple(
                _value(item, (*place, number), source, problems)
                for number, item in enumerate(node.value)
            )
        case ScalarNode():
            return _scalar(node, place, source, problems)
    problems.append(source.problem(place, "This kind of YAML is not read."))
    return None


def _mapping(
    node: MappingNode, place: Place, source: Source, problems: list[Problem]
) -> dict[str, object]:
    found: dict[str, object] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        inside = (*place, key)
        if key in found:
            line = key_node.start_mark.line + 1
            problems.append(Problem(source.file, line, f"{key} is written twice."))
            continue
        found[key] = _value(value_node, inside, source, problems)
        # A value that begins on a later line is still looked for at its key.
        source.lines[inside] = key_node.start_mark.line + 1
    return found


def _scalar(node: ScalarNode, place: Place, source: Source, problems: list[Problem]) -> object:
    text = str(node.value)
    try:
        match str(node.tag).removeprefix(_TAG):
            case "str":
                return text
            case "int":
                return int(text)
            case "bool":
                return text.lower() == "true"
            case "null":
                return None
            case "timestamp":
                return date.fromisoformat(text)
            case "float":
                message = f"{text} has a decimal point: write it in quotes."
            case _:
                message = "Tags are not read."
    except ValueError:
        message = f"{text} is neither a day like 2015-11-11 nor a whole number like 12."
    problems.append(source.problem(place, message))
    return None


def _validation_problems(error: ValidationError, source: Source) -> Iterator[Problem]:
    for item in error.errors(include_url=False, include_input=False):
        place = item["loc"]
        match item["type"]:
            case "extra_forbidden":
                message = "there is no such key."
            case "missing":
                message = "this key is missing."
            case "string_type":
                message = "this must be text; put a number in quotes."
            case "string_pattern_mismatch":
                message = f"this must look like {item['ctx']['pattern']}."
            case _:
                message = f"{item['msg'][:1].lower()}{item['msg'][1:]}."
        yield source.problem(place, f"{_dotted(place)}: {message}")


def _dotted(place: Place) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)[1:]
