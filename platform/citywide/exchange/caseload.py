"""One agency's records: resolved row by row, then given to the use cases file by file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from asyncpg import Record
from sqlalchemy import Table, select

from citywide.acts.legacy import of_tenant
from citywide.acts.problems import ProblemError
from citywide.acts.workspace import Workspace
from citywide.assessments.paper import record_paper_form
from citywide.beneficiaries.consents import record_consent
from citywide.beneficiaries.entitlements import grant_entitlement
from citywide.beneficiaries.models import ENTITLEMENT_CATEGORY, SEGMENT, TYPOLOGY
from citywide.beneficiaries.registration import open_file
from citywide.beneficiaries.typologies import classify
from citywide.db.sealed import Sealer
from citywide.db.session import Transaction
from citywide.errors import Fault, InvalidError
from citywide.exchange.records import CellError, Cells, drafts_of
from citywide.exchange.tables import Register
from citywide.places.models import AREA
from citywide.projects.commands import enrol
from citywide.projects.models import PROJECT
from citywide.rules.fields import check
from citywide.services.commands import record_services
from citywide.tenancy.desk import Desk
from citywide.tenancy.models import MEMBER, SITE
from citywide.tenancy.reading import Problem, TableRow, refuse_problems
from citywide.volunteers.commands import register_volunteers, skills_labelled

D = TypeVar("D")
R = TypeVar("R")
CONSEQUENCE = "nothing of this agency was loaded"
# The drafts' fields that attendance.csv fills, by its roles.
ROLE_FIELDS = {
    "BENEFICIARY": "beneficiary_ids",
    "WORKER": "worker_ids",
    "VOLUNTEER": "volunteer_ids",
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


async def load_caseload(
    transaction: Transaction, *, desk: Desk, sealer: Sealer, caseload: Caseload
) -> None:
    """Write everything; raises `OperatorError` with every bad row of the first bad file."""
    register = await _declared(transaction, desk=desk)
    work = Workspace(
        transaction,
        tenant_id=desk.tenant_id,
        bureau_id=desk.bureau_id,
        today=desk.today,
        sealer=sealer,
    )

    async def step(
        table: str, build: Callable[[Cells], D], use_case: Callable[[list[D]], Awaitable[R]]
    ) -> R:
        problems: list[Problem] = []
        rows = caseload.tables[table]
        drafts = drafts_of(rows, build, file=caseload.file(table), problems=problems)
        refuse_problems(problems, CONSEQUENCE)
        try:
            return await use_case(drafts)
        except InvalidError as error:
            file = caseload.file(table)
            refuse_problems(
                [_fault_problem(fault, rows, file) for fault in error.faults], CONSEQUENCE
            )
            raise

    async def each(
        table: str,
        build: Callable[[Cells], D],
        use_case: Callable[[Workspace, D], Awaitable[UUID]],
    ) -> list[UUID]:
        """One draft after the other; every broken rule of all of them, or the rows' ids."""
        problems: list[Problem] = []
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
                problems += [_fault_problem(f.within(place), rows, file) for f in error.faults]
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
    await step(
        "enrolments",
        register.enrolment,
        lambda drafts: enrol(transaction, desk=desk, drafts=drafts),
    )
    register.skills = await skills_labelled(transaction)
    roll = await step(
        "volunteers",
        register.volunteer,
        lambda drafts: register_volunteers(transaction, desk=desk, drafts=drafts),
    )
    register.volunteers = _numbered(caseload, "volunteers", "number", roll)
    await _load_services(transaction, desk=desk, caseload=caseload, register=register)


async def _load_services(
    transaction: Transaction, *, desk: Desk, caseload: Caseload, register: Register
) -> None:
    """Services with the attendances that another file lists."""
    problems: list[Problem] = []
    rows = caseload.tables["services"]
    persons: dict[str, dict[str, list[UUID]]] = {
        str(row.cells["number"]): {role: [] for role in ROLE_FIELDS} for row in rows
    }
    lines: dict[tuple[str, str], list[int]] = {}
    for row in caseload.tables["attendance"]:
        try:
            number, role, person_id = _attendance(Cells(row), register, persons)
        except CellError as error:
            problems.append(Problem(caseload.file("attendance"), row.line, str(error)))
        else:
            persons[number][role].append(person_id)
            lines.setdefault((number, ROLE_FIELDS[role]), []).append(row.line)
    drafts = drafts_of(
        rows,
        lambda cells: register.service(cells, persons[cells.text("number")]),
        file=caseload.file("services"),
        problems=problems,
    )
    refuse_problems(problems, CONSEQUENCE)
    try:
        await record_services(transaction, desk=desk, drafts=drafts)
    except InvalidError as error:
        refuse_problems(
            [_service_problem(fault, caseload, lines) for fault in error.faults], CONSEQUENCE
        )
        raise


def _attendance(
    cells: Cells, register: Register, persons: dict[str, dict[str, list[UUID]]]
) -> tuple[str, str, UUID]:
    number, role = cells.text("service"), cells.text("role")
    if number not in persons:
        message = f"service: services.csv has no record {number}."
        raise CellError(message)
    match role:
        case "BENEFICIARY":
            return number, role, cells.known("person", register.beneficiaries, "file")
        case "WORKER":
            return number, role, cells.known("person", register.members, "member")
        case "VOLUNTEER":
            return number, role, cells.known("person", register.volunteers, "volunteer")
    message = f"role: this must be one of {', '.join(ROLE_FIELDS)}."
    raise CellError(message)


def _service_problem(
    fault: Fault, caseload: Caseload, lines: dict[tuple[str, str], list[int]]
) -> Problem:
    """The attendance's line when the fault is about one person, else the record's."""
    rows = caseload.tables["services"]
    match fault.path:
        case (int(place), str(name), int(number)):
            key = (str(rows[place].cells["number"]), name)
            return Problem(caseload.file("attendance"), lines[key][number], fault.message)
        case _:
            return _fault_problem(fault, rows, caseload.file("services"))


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


async def _declared(transaction: Transaction, *, desk: Desk) -> Register:
    """The ids of what the manifests declare for this agency."""

    async def rows(table: Table) -> list[Record]:
        return await transaction.rows(of_tenant(select(table), table, desk=desk))

    areas = {row["id"]: row["code"] for row in await transaction.rows(select(AREA))}
    categories = await transaction.rows(select(ENTITLEMENT_CATEGORY))
    typologies = {row["id"]: (row["name"], str(row["version"])) for row in await rows(TYPOLOGY)}
    return Register(
        areas={code: area_id for area_id, code in areas.items()},
        sites={areas[row["area_id"]]: row["id"] for row in await rows(SITE)},
        categories={row["code"]: row["id"] for row in categories},
        projects={row["name"]: row["id"] for row in await rows(PROJECT)},
        segments={
            (*typologies[row["typology_id"]], row["code"]): row["id"] for row in await rows(SEGMENT)
        },
        members={row["subject"]: row["id"] for row in await rows(MEMBER)},
    )
