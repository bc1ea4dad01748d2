"""What must be true across a city's files, besides the shape of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from citywide.errors import Path as Place
from citywide.rules.periods import Span
from citywide.tenancy.manifests import (
    FULL_SCORE,
    AgencyManifest,
    AgencyMember,
    Agreement,
    Area,
    BureauManifest,
    BureauMember,
    InstrumentManifest,
    OpenPeriod,
    Period,
    Project,
    Typology,
)
from citywide.tenancy.reading import Problem, Source

M = TypeVar("M", bound=BaseModel)
# What stands above each level of the area tree.
PARENT_LEVEL = {"CITY": None, "TOWN": "CITY", "COMMUNITY": "TOWN"}


@dataclass(frozen=True, slots=True)
class Read(Generic[M]):
    """A manifest and where it was read."""

    manifest: M
    source: Source


def instrument_problems(instruments: Sequence[Read[InstrumentManifest]]) -> Iterator[Problem]:
    """Points add up to what scores are parts of, and every score is in exactly one band."""
    seen: set[tuple[str, int]] = set()
    for read in instruments:
        manifest, source = read.manifest, read.source
        key = (manifest.slug, manifest.version)
        if key in seen:
            yield source.problem(("version",), "This version of the instrument is declared twice.")
        seen.add(key)
        total = sum(max(o.score for o in question.options) for question in manifest.questions)
        if total != FULL_SCORE:
            message = f"The highest answers add up to {total} points, not to {FULL_SCORE}."
            yield source.problem(("questions",), message)
        codes = [question.code for question in manifest.questions]
        if len(set(codes)) < len(codes):
            yield source.problem(("questions",), "Two questions have the same code.")
        starts = [band.from_score for band in manifest.bands]
        if starts != sorted(set(starts)) or starts[0] != 0:
            yield source.problem(("bands",), "Bands begin at 0 and rise.")
        if len({band.band for band in manifest.bands}) < len(manifest.bands):
            yield source.problem(("bands",), "A band is declared twice.")


def area_faults(areas: Sequence[Area]) -> Iterator[tuple[int, str]]:
    """The area tree's rules: the place of a row, counted from 0, and what is wrong with it."""
    levels = {area.code: area.level for area in areas}
    seen = set()
    for place, area in enumerate(areas):
        if area.code in seen:
            yield place, f"The area {area.code} is listed twice."
        seen.add(area.code)
        if area.level not in PARENT_LEVEL:
            yield place, f"A level is one of {', '.join(PARENT_LEVEL)}."
            continue
        parent, wanted = area.parent_code, PARENT_LEVEL[area.level]
        if (levels.get(parent) if parent else None) != wanted:
            yield (place, f"The parent of a {area.level} must be a {wanted or 'blank cell'}.")
        elif parent and not area.code.startswith(parent):
            yield (place, f"The code {area.code} does not begin with its parent's, {parent}.")
    if sum(area.level == "CITY" for area in areas) != 1:
        yield 0, "The list must have exactly one CITY."


def city_problems(
    bureau: Read[BureauManifest] | None,
    agencies: Sequence[Read[AgencyManifest]],
    areas: Mapping[str, Area],
) -> Iterator[Problem]:
    """Everything wrong with what the files say together."""
    if bureau is not None:
        yield from _bureau_problems(bureau, {read.manifest.slug for read in agencies}, areas)
    for read in agencies:
        yield from _agency_problems(read, areas)
    yield from _subject_problems(bureau, agencies)


def _bureau_problems(
    read: Read[BureauManifest], agencies: set[str], areas: Mapping[str, Area]
) -> Iterator[Problem]:
    manifest, source = read.manifest, read.source
    city = areas.get(manifest.city)
    if city is None or city.level != "CITY":
        yield source.problem(("city",), f"areas.csv has no CITY with the code {manifest.city}.")
    yield from _need_problems(source, manifest)
    for place, member in enumerate(manifest.staff):
        yield from _member_problems(source, ("staff", place), member)
        yield from _assignment_problems(source, ("staff", place), member, agencies)


def _need_problems(source: Source, manifest: BureauManifest) -> Iterator[Problem]:
    """Every kind of need has a department to answer it, as long as the kind is in use."""
    departments = {department.code: department for department in manifest.departments}
    codes = [department.code for department in manifest.departments]
    yield from _repeated(source, ("departments",), codes, "department")
    for place, department in enumerate(manifest.departments):
        yield from _period_problems(source, ("departments", place), department)
    codes = [kind.code for kind in manifest.need_kinds]
    yield from _repeated(source, ("need_kinds",), codes, "kind of need")
    for place, kind in enumerate(manifest.need_kinds):
        inside = ("need_kinds", place)
        yield from _period_problems(source, inside, kind)
        answering = departments.get(kind.department)
        if answering is None:
            message = f"There is no department {kind.department} among the departments."
            yield source.problem((*inside, "department"), message)
        elif _outlasts(kind, answering):
            message = f"The department {kind.department} does not exist during all of it."
            yield source.problem((*inside, "department"), message)


def _outlasts(inner: OpenPeriod, outer: OpenPeriod) -> bool:
    """Whether some day of `inner` lies outside of `outer`."""
    if inner.valid_from < outer.valid_from:
        return True
    return outer.valid_until is not None and (
        inner.valid_until is None or inner.valid_until > outer.valid_until
    )


def _assignment_problems(
    source: Source, place: Place, member: BureauMember, agencies: set[str]
) -> Iterator[Problem]:
    if member.assigned and not any(grant.role == "supervisor" for grant in member.roles):
        yield source.problem((*place, "assigned"), "Only a supervisor looks after agencies.")
    for number, assignment in enumerate(member.assigned):
        inside = (*place, "assigned", number)
        if assignment.agency not in agencies:
            message = f"There is no agency {assignment.agency} in agencies/."
            yield source.problem(inside, message)
        yield from _period_problems(source, inside, assignment)
    listed = [(assignment.agency, assignment) for assignment in member.assigned]
    yield from _overlap_problems(source, (*place, "assigned"), listed, "agency")


def _member_problems(
    source: Source, place: Place, member: BureauMember | AgencyMember
) -> Iterator[Problem]:
    for number, grant in enumerate(member.roles):
        yield from _period_problems(source, (*place, "roles", number), grant)
    listed = [(grant.role, grant) for grant in member.roles]
    yield from _overlap_problems(source, (*place, "roles"), listed, "role")


def _agency_problems(read: Read[AgencyManifest], areas: Mapping[str, Area]) -> Iterator[Problem]:
    manifest, source = read.manifest, read.source
    numbers = [agreement.number for agreement in manifest.agreements]
    yield from _repeated(source, ("agreements",), numbers, "agreement")
    for place, agreement in enumerate(manifest.agreements):
        yield from _agreement_problems(source, ("agreements", place), agreement, areas)
    yield from _typologies_problems(source, manifest.typologies)
    for place, member in enumerate(manifest.staff):
        yield from _member_problems(source, ("staff", place), member)


def _agreement_problems(
    source: Source, place: Place, agreement: Agreement, areas: Mapping[str, Area]
) -> Iterator[Problem]:
    yield from _period_problems(source, place, agreement)
    yield from _repeated(source, (*place, "sites"), agreement.sites, "site")
    for number, code in enumerate(agreement.sites):
        fault = _site_fault(code, agreement, areas)
        if fault is not None:
            yield source.problem((*place, "sites", number), fault)
    names = [project.name for project in agreement.projects]
    yield from _repeated(source, (*place, "projects"), names, "project")
    for number, project in enumerate(agreement.projects):
        inside = (*place, "projects", number)
        yield from _nesting_problems(source, inside, project, agreement, "agreement")
        yield from _plan_problems(source, inside, project)


def _site_fault(code: str, agreement: Agreement, areas: Mapping[str, Area]) -> str | None:
    """Why the agreement cannot cover the area with this code."""
    area = areas.get(code)
    if area is None:
        return f"areas.csv has no area {code}."
    if area.level != "COMMUNITY":
        return f"{code} {area.name} is not a COMMUNITY."
    starts_late = area.valid_from is not None and area.valid_from > agreement.valid_from
    ends_early = area.valid_until is not None and area.valid_until < agreement.valid_until
    if starts_late or ends_early:
        return f"{code} {area.name} does not exist during the whole agreement."
    return None


def _plan_problems(source: Source, place: Place, project: Project) -> Iterator[Problem]:
    for number, line in enumerate(project.plan):
        inside = (*place, "plan", number)
        yield from _nesting_problems(source, inside, line, project, "project")
    listed = [(line.measure, line) for line in project.plan]
    yield from _overlap_problems(source, (*place, "plan"), listed, "measure")


def _typologies_problems(source: Source, typologies: Sequence[Typology]) -> Iterator[Problem]:
    versions = [(typology.name, typology.version) for typology in typologies]
    yield from _repeated(source, ("typologies",), versions, "version")
    for place, typology in enumerate(typologies):
        inside = ("typologies", place)
        yield from _period_problems(source, inside, typology)
        codes = [segment.code for segment in typology.segments]
        yield from _repeated(source, (*inside, "segments"), codes, "segment")
    listed = [(typology.name, typology) for typology in typologies]
    yield from _overlap_problems(source, ("typologies",), listed, "typology")


def _subject_problems(
    bureau: Read[BureauManifest] | None, agencies: Sequence[Read[AgencyManifest]]
) -> Iterator[Problem]:
    """A token's subject is one member of one tenant, so no subject appears twice in a city."""
    staffs: list[tuple[Source, Sequence[BureauMember | AgencyMember]]] = []
    if bureau is not None:
        staffs.append((bureau.source, bureau.manifest.staff))
    staffs += [(read.source, read.manifest.staff) for read in agencies]
    seen: dict[str, str] = {}
    for source, staff in staffs:
        for place, member in enumerate(staff):
            if member.subject in seen:
                message = f"{member.subject} is on the staff in {seen[member.subject]} already."
                yield source.problem(("staff", place, "subject"), message)
            seen.setdefault(member.subject, source.file)


def _period_problems(
    source: Source, place: Place, period: OpenPeriod | Period
) -> Iterator[Problem]:
    if period.valid_until is not None and period.valid_until <= period.valid_from:
        message = "valid_until must come after valid_from: it is the first day that is outside."
        yield source.problem((*place, "valid_until"), message)


def _nesting_problems(
    source: Source, place: Place, inner: Period, outer: Period, name: str
) -> Iterator[Problem]:
    yield from _period_problems(source, place, inner)
    if inner.valid_from < outer.valid_from:
        message = f"This begins before its {name}, on {outer.valid_from}."
        yield source.problem((*place, "valid_from"), message)
    if inner.valid_until > outer.valid_until:
        message = f"This ends after its {name}, on {outer.valid_until}."
        yield source.problem((*place, "valid_until"), message)


def _repeated(
    source: Source, place: Place, keys: Sequence[Hashable], name: str
) -> Iterator[Problem]:
    counted = Counter(keys)
    for number, key in enumerate(keys):
        if counted[key] > 1:
            shown = " ".join(map(str, key)) if isinstance(key, tuple) else key
            yield source.problem((*place, number), f"The {name} {shown} is listed twice.")


def _overlap_problems(
    source: Source, place: Place, listed: Iterable[tuple[str, OpenPeriod | Period]], name: str
) -> Iterator[Problem]:
    seen: dict[str, list[Span]] = {}
    for number, (key, period) in enumerate(listed):
        span = Span(period.valid_from, period.valid_until)
        others = seen.setdefault(key, [])
        if any(span.overlaps(other) for other in others):
            message = f"The {name} {key} is given twice for the same days."
            yield source.problem((*place, number), message)
        others.append(span)
