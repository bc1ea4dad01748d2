"""Load a pilot's records from CSV through the use cases, an agency a transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from citywide.acts.workspace import Workspace
from citywide.audit.operators import note_command
from citywide.beneficiaries.models import BENEFICIARY
from citywide.db.sealed import Sealer
from citywide.db.session import Audience, Context, Database
from citywide.errors import OperatorError
from citywide.exchange.caseload import Caseload, load_caseload
from citywide.exchange.tables import COLUMNS
from citywide.tenancy.manifests import City
from citywide.tenancy.models import TENANT
from citywide.tenancy.reading import Problem, read_tables, refuse_problems

COMMAND = "citywide tenants load"


@dataclass(frozen=True, slots=True)
class PilotSummary:
    """What a run did: the agencies whose records it loaded, those that had theirs, the rows."""

    loaded: tuple[str, ...]
    present: tuple[str, ...]
    rows: int


async def load_pilot(
    database: Database,
    folder: Path,
    city: City,
    *,
    sealer: Sealer,
    progress: Callable[[str, int, int], None] | None = None,
) -> PilotSummary:
    """Load `folder`, which has a folder for each agency; a second run loads nothing.

    `progress` is called with an agency's slug, the rows done and the rows in all. Raises
    `OperatorError` with file and line of every bad row; that agency's records are then not
    loaded at all. All files are read before anything is written.
    """
    problems: list[Problem] = []
    caseloads = [_read(path, problems) for path in _agency_folders(folder, city)]
    refuse_problems(problems, "nothing was loaded")
    total = sum(caseload.row_count for caseload in caseloads)
    loaded, present, done = [], [], 0
    for caseload in caseloads:
        tenant_id, bureau_id = city.agency_id(caseload.slug), city.bureau_id
        context = Context(Audience.AGENCY, tenant_id=tenant_id, bureau_id=bureau_id)
        async with database.write(context) as transaction:
            work = Workspace(
                transaction,
                tenant_id=tenant_id,
                bureau_id=bureau_id,
                today=city.today,
                sealer=sealer,
            )
            if await _is_loaded(work, caseload):
                present.append(caseload.slug)
            else:
                await load_caseload(work, caseload)
                await _note(work, caseload)
                loaded.append(caseload.slug)
        done += caseload.row_count
        if progress is not None:
            progress(caseload.slug, done, total)
    rows = sum(caseload.row_count for caseload in caseloads if caseload.slug in loaded)
    return PilotSummary(tuple(loaded), tuple(present), rows)


async def _note(work: Workspace, caseload: Caseload) -> None:
    """The import in the agency's audit chain: which files, and whose."""
    changes = work.transaction.changes
    await note_command(
        work.transaction,
        COMMAND,
        {work.tenant_id: changes},
        bureau_id=work.bureau_id,
        persons=frozenset(each.row_id for each in changes if each.table == BENEFICIARY.name),
        content={"files": {name: len(rows) for name, rows in caseload.tables.items()}},
    )


def _agency_folders(folder: Path, city: City) -> list[Path]:
    """The agencies' folders; one that the manifests do not know is refused."""
    if not folder.is_dir():
        sentence = f"There is no folder {folder} with records to load."
        raise OperatorError(sentence)
    folders = sorted(path for path in folder.iterdir() if path.is_dir())
    known = {agency.slug for agency in city.agencies}
    strangers = [path.name for path in folders if path.name not in known]
    if strangers:
        sentence = f"{folder}: no manifest declares the agency {', '.join(strangers)}."
        raise OperatorError(sentence)
    return folders


def _read(path: Path, problems: list[Problem]) -> Caseload:
    folder = f"{path.parent.name}/{path.name}"
    tables = read_tables(path, folder=folder, columns=COLUMNS, problems=problems)
    return Caseload(path.name, folder, tables)


async def _is_loaded(work: Workspace, caseload: Caseload) -> bool:
    """Whether every file of the caseload is on record; some but not all is refused."""
    if await work.row(TENANT, id=work.tenant_id) is None:
        sentence = f"{caseload.slug} is not a tenant yet: apply the manifests first."
        raise OperatorError(sentence)
    numbers = {row.cells["file_number"] for row in caseload.tables["beneficiaries"]} - {None}
    found = await work.rows(BENEFICIARY, file_number=sorted(map(str, numbers)))
    if found and len(found) < len(numbers):
        sentence = (
            f"{caseload.folder}: {len(found)} of {len(numbers)} files are on record already; "
            "a pilot is loaded as a whole or not at all."
        )
        raise OperatorError(sentence)
    return bool(numbers) and len(found) == len(numbers)
