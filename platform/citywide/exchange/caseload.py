"""One agency's records: resolved row by row, then given to the use cases file by file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar, assert_never
from uuid import UUID

from citywide.acts.problems import ProblemError
from citywide.acts.workspace import Workspace
from citywide.assessments.paper import record_paper_form
from citywide.beneficiaries.consents import record_consent
from citywide.beneficiaries.entitlements import grant_entitlement
from citywide.beneficiaries.models import ENTITLEMENT_CATEGORY, SEGMENT, TYPOLOGY
from citywide.beneficiaries.registration import open_file
from citywide.beneficiaries.typologies import classify
from citywide.errors import Fault, InvalidError
from citywide.exchange.records import CellError, Cells, drafts_of
from citywide.exchange.tables import Register
from citywide.places.models import AREA
from citywide.projects.enrolments import enrol_beneficiary
from citywide.projects.models import PROJECT
from citywide.rules.fields import check
from citywide.services.recording import add_service
from citywide.services.words import AttendanceRole
from citywide.tenancy.models import MEMBER, SITE
from citywide.tenancy.reading import Problem, TableRow, refuse_problems
from citywide.volunteers.models import SKILL
from citywide.volunteers.roll import enter_volunteer

D = TypeVar("D")
R = TypeVar("R")
CONSEQUENCE = "nothing of this agency was loaded"
# The drafts' fields that attendance.csv fills, by its roles.
ROLE_FIELDS = {
    AttendanceRole.BENEFICIARY: "beneficiary_ids",
    AttendanceRole.WORKER: "worker_ids",
    AttendanceRole.VOLUNTEER: "volunteer_ids",
}


@dataclass(frozen=True, slots=True)
class Caseload:
    """An agency's files as read: the rows of each CSV file by its name."""

    slug: str
    folder: str
    tables: dict[str, list[TableRow]]

    @property
    def row_count(self) -> int:
        """Rows in all files."""
        return sum(map(len, self.tables.values()))

    def file(self, table: str) -> str:
        """The file's name in reports."""
        return f"{self.folder}/{table}.csv"


async def load_caseload(work: Workspace, caseload: Caseload) -> None:
    """Write everything; raises `OperatorError` with every bad row of the first bad file."""
    register = await _declared(work)

    async def each(
        table: str,
        build: Callable[[Cells], D],
        use_case: Callable[[Workspace, D], Awaitable[UUID]],
        problem: Callable[[Fault, list[TableRow], str], Problem] | None = None,
    ) -> list[UUID]:
        """One draft after the other; every broken rule of all of them, or the rows' ids."""
        problems: list[Problem] = []
        problem = problem or _fault_problem
        rows = caseload.tables[table]
        file = caseload.file(table)
        drafts = drafts_of(rows, build, file=file, problems=problems)
        refuse_problems(problems, CONSEQUENCE)
        ids: list[UUID] = []
        for place, draft in enumerate(drafts):
            try:
                check(draft, today=work.today)
                ids.append(await use_case(work, draft))
            except InvalidError as error:
                problems += [problem(f.within(place), rows, file) for f in error.faults]
            except ProblemError as error:
                problems.append(Problem(file, rows[place].line, error.problem.message))
        refuse_problems(problems, CONSEQUENCE)
        return ids

    people = await each("beneficiaries", register.beneficiary, open_file)
    register.beneficiaries = _numbered(caseload, "beneficiaries", "file_number", people)
    await each("entitlements", register.entitlement, grant_entitlement)
    await each("consents", register.consent, record_consent)
    await each("assessments", register.assessment, record_paper_form)
    await each("classifications", register.classification, classify)
    await each("enrolments", register.enrolment, enrol_beneficiary)
    register.skills = {row["label_zh"]: row["id"] for row in await work.rows(SKILL)}
    roll = await each("volunteers", register.volunteer, enter_volunteer)
    register.volunteers = _numbered(caseload, "volunteers", "number", roll)
    present = _attendances(caseload, register)
    await each(
        "services",
        lambda cells: register.service(cells, present.persons[cells.text("number")]),
        add_service,
        present.problem,
    )


@dataclass(frozen=True, slots=True)
class _Attendances:
    """Who was at which service, by its number, with the lines of attendance.csv that say so."""

    file: str
    persons: dict[str, dict[AttendanceRole, list[UUID]]]
    lines: dict[tuple[str, str], list[int]]

    def problem(self, fault: Fault, rows: list[TableRow], file: str) -> Problem:
        """The attendance's line when the fault is about one person, else the record's."""
        match fault.path:
            case (int(place), str(name), int(number)):
                key = (str(rows[place].cells["number"]), name)
                return Problem(self.file, self.lines[key][number], fault.message)
            case _:
                return _fault_problem(fault, rows, file)


def _attendances(caseload: Caseload, register: Register) -> _Attendances:
    problems: list[Problem] = []
    numbers = (str(row.cells["number"]) for row in caseload.tables["services"])
    persons: dict[str, dict[AttendanceRole, list[UUID]]] = {
        number: {role: [] for role in AttendanceRole} for number in numbers
    }
    found = _Attendances(caseload.file("attendance"), persons, {})
    for row in caseload.tables["attendance"]:
        try:
            number, role, person_id = _attendance(Cells(row), register, found.persons)
        except CellError as error:
            problems.append(Problem(found.file, row.line, str(error)))
        else:
            found.persons[number][role].append(person_id)
            found.lines.setdefault((number, ROLE_FIELDS[role]), []).append(row.line)
    refuse_problems(problems, CONSEQUENCE)
    return found


def _attendance(
    cells: Cells, register: Register, services: Container[str]
) -> tuple[str, AttendanceRole, UUID]:
    number, role = cells.text("service"), cells.word("role", AttendanceRole)
    if number not in services:
        message = f"service: services.csv has no record {number}."
        raise CellError(message)
    match role:
        case AttendanceRole.BENEFICIARY:
            return number, role, cells.known("person", register.beneficiaries, "file")
        case AttendanceRole.WORKER:
            return number, role, cells.known("person", register.members, "member")
        case AttendanceRole.VOLUNTEER:
            return number, role, cells.known("person", register.volunteers, "volunteer")
        case _:
            assert_never(role)


def _fault_problem(fault: Fault, rows: list[TableRow], file: str) -> Problem:
    match fault.path:
        case (int(place), str(name), *_):
            return Problem(file, rows[place].line, f"{name}: {fault.message}")
        case _:
            return Problem(file, 1, fault.message)


def _numbered(
    caseload: Caseload, table: str, column: str, ids: Sequence[UUID]
) -> dict[Hashable, UUID]:
    numbers = (row.cells[column] for row in caseload.tables[table])
    return dict(zip(numbers, ids, strict=True))


async def _declared(work: Workspace) -> Register:
    """The ids of what the manifests declare for this agency."""
    areas = {row["id"]: row["code"] for row in await work.rows(AREA)}
    categories = await work.rows(ENTITLEMENT_CATEGORY)
    typologies = {
        row["id"]: (row["name"], str(row["version"])) for row in await work.rows(TYPOLOGY)
    }
    return Register(
        areas={code: area_id for area_id, code in areas.items()},
        sites={areas[row["area_id"]]: row["id"] for row in await work.rows(SITE)},
        categories={row["code"]: row["id"] for row in categories},
        projects={row["name"]: row["id"] for row in await work.rows(PROJECT)},
        segments={
            (*typologies[row["typology_id"]], row["code"]): row["id"]
            for row in await work.rows(SEGMENT)
        },
        members={row["subject"]: row["id"] for row in await work.rows(MEMBER)},
    )
