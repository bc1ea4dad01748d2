"""Load a city's folder: read every file, check them together, report all problems at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from citywide.errors import OperatorError
from citywide.tenancy.checks import Read, area_faults, city_problems, instrument_problems
from citywide.tenancy.manifests import (
    AgencyManifest,
    Area,
    BureauManifest,
    City,
    Code,
    InstrumentManifest,
)
from citywide.tenancy.reading import (
    Problem,
    Source,
    TableRow,
    day_of,
    read_manifest,
    read_table,
    refuse_problems,
)

AREA_COLUMNS = ("code", "parent_code", "level", "name", "valid_from", "valid_until")
CODE_COLUMNS = ("code", "label_zh", "label_en", "valid_from", "valid_until")
# One code table for all cities: it lies beside their folders.
CATEGORY_FILE = "entitlement_categories.csv"
# The forms of all cities, as many as a tool box holds.
INSTRUMENT_FOLDER = "instruments"
MOST_INSTRUMENTS = 50
SKILL_FILE = "skills.csv"
# A city of a million people contracts some dozens; every file is read at each plan.
MOST_AGENCIES = 500


def load_manifests(folder: Path) -> City:
    """The city declared in `folder`; raises `OperatorError` with every problem's file and line."""
    if not folder.is_dir():
        sentence = f"There is no city folder {folder}."
        raise OperatorError(sentence)
    problems: list[Problem] = []
    areas = _areas(folder, problems)
    instruments = _instruments(folder.parent / INSTRUMENT_FOLDER, problems)
    categories = _code_table(folder, CATEGORY_FILE, problems)
    skills = _code_table(folder, SKILL_FILE, problems)
    name = f"{folder.name}/bureau.yaml"
    bureau, source, found = read_manifest(folder / "bureau.yaml", name=name, model=BureauManifest)
    problems += found
    if bureau is not None:
        problems += _slug_problems(bureau.slug, folder.name, source, "folder")
    agencies = _agencies(folder, problems)
    problems += city_problems(
        None if bureau is None else Read(bureau, source),
        agencies,
        {area.code: area for area in areas},
    )
    refuse_problems(problems, "nothing was changed")
    if bureau is None:  # A missing manifest is a problem of its own: not reached.
        raise AssertionError(name)
    return City(
        bureau=bureau,
        agencies=tuple(read.manifest for read in agencies),
        areas=areas,
        categories=categories,
        instruments=instruments,
        skills=skills,
    )


def _agencies(folder: Path, problems: list[Problem]) -> list[Read[AgencyManifest]]:
    found = []
    paths = sorted((folder / "agencies").glob("*.yaml"))
    if len(paths) > MOST_AGENCIES:
        message = f"At most {MOST_AGENCIES} agencies are read."
        problems.append(Problem(f"{folder.name}/agencies", 1, message))
    for path in paths[:MOST_AGENCIES]:
        name = f"{folder.name}/agencies/{path.name}"
        manifest, source, more = read_manifest(path, name=name, model=AgencyManifest)
        problems += more
        if manifest is not None:
            problems += _slug_problems(manifest.slug, path.stem, source, "file")
            found.append(Read(manifest, source))
    return found


def _instruments(folder: Path, problems: list[Problem]) -> tuple[InstrumentManifest, ...]:
    """The forms; a deployment may have none."""
    found = []
    for path in sorted(folder.glob("*.yaml"))[:MOST_INSTRUMENTS]:
        name = f"{folder.name}/{path.name}"
        manifest, source, more = read_manifest(path, name=name, model=InstrumentManifest)
        problems += more
        if manifest is not None:
            found.append(Read(manifest, source))
    problems += instrument_problems(found)
    return tuple(read.manifest for read in found)


def _slug_problems(slug: str, name: str, source: Source, kind: str) -> list[Problem]:
    if slug == name:
        return []
    return [source.problem(("slug",), f"The slug {slug} must be the {kind}'s name, {name}.")]


def _areas(folder: Path, problems: list[Problem]) -> tuple[Area, ...]:
    name = f"{folder.name}/areas.csv"
    rows = read_table(folder / "areas.csv", name=name, columns=AREA_COLUMNS, problems=problems)
    areas = tuple(
        Area(
            code=row.cells["code"] or "",
            parent_code=row.cells["parent_code"],
            level=row.cells["level"] or "",
            name=row.cells["name"] or "",
            valid_from=day_of(row.cells["valid_from"], name, row.line, problems),
            valid_until=day_of(row.cells["valid_until"], name, row.line, problems),
        )
        for row in rows
    )
    problems += _row_problems(rows, areas, name)
    problems += [Problem(name, rows[place].line, fault) for place, fault in area_faults(areas)]
    return areas


def _code_table(folder: Path, name: str, problems: list[Problem]) -> tuple[Code, ...]:
    """A table of codes that all cities share: it lies beside their folders."""
    rows = read_table(
        folder.parent / name,
        name=name,
        columns=CODE_COLUMNS,
        problems=problems,
    )
    codes = tuple(
        Code(
            code=row.cells["code"] or "",
            label_zh=row.cells["label_zh"] or "",
            label_en=row.cells["label_en"] or "",
            valid_from=day_of(row.cells["valid_from"], name, row.line, problems),
            valid_until=day_of(row.cells["valid_until"], name, row.line, problems),
        )
        for row in rows
    )
    problems += _row_problems(rows, codes, name)
    seen = set()
    for row, entry in zip(rows, codes, strict=True):
        if entry.code in seen:
            message = f"The code {entry.code} is listed twice."
            problems.append(Problem(name, row.line, message))
        seen.add(entry.code)
    return codes


def _row_problems(rows: list[TableRow], entries: Sequence[Area | Code], name: str) -> list[Problem]:
    """Nothing needed is blank, and a period ends after it began."""
    problems = []
    for row, entry in zip(rows, entries, strict=True):
        blank = [
            column
            for column in ("code", "level", "name", "label_zh", "label_en")
            if getattr(entry, column, None) == ""
        ]
        if blank:
            problems.append(Problem(name, row.line, f"{', '.join(blank)} must not be blank."))
        if entry.valid_from and entry.valid_until and entry.valid_until <= entry.valid_from:
            message = "valid_until must come after valid_from."
            problems.append(Problem(name, row.line, message))
    return problems
