"""Load a pilot's year: what was done with its money and how it was judged, day by day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from citywide.acts.perform import Done
from citywide.authz.policy import Policy
from citywide.db.rows import owned
from citywide.db.sealed import Sealer
from citywide.db.session import Audience, Context, Database
from citywide.errors import OperatorError
from citywide.exchange.account_tables import AGENCY_COLUMNS, BUREAU, CITY_COLUMNS, Accounts
from citywide.exchange.accounts import acts_of
from citywide.exchange.replay import Known, in_order, is_done, replay
from citywide.projects.models import PROJECT
from citywide.tenancy.manifests import City
from citywide.tenancy.models import AGREEMENT
from citywide.tenancy.reading import Problem, read_tables, refuse_problems


async def load_year(
    database: Database,
    folder: Path,
    city: City,
    *,
    policy: Callable[[], Policy],
    sealer: Sealer,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Replay what the files of the year in `folder` say; how many rows they have, if any is new.

    A folder without `funds.csv` has none. `policy` is asked for only when there is something
    to do. Raises `OperatorError` with every row that cannot be read, before anything is done; or
    with the first row that breaks a rule: then what came before it stays, and the next run goes
    on from there.
    """
    if not (folder / "funds.csv").is_file():
        return 0
    problems: list[Problem] = []
    books = [_read(folder, BUREAU, CITY_COLUMNS, problems)]
    for agency in city.agencies:
        path = folder / agency.slug
        if (path / "budgets.csv").is_file():
            books.append(_read(path, agency.slug, AGENCY_COLUMNS, problems))
    acts = [act for each in books for act in acts_of(each, database, problems)]
    refuse_problems(problems, "nothing was loaded")
    if not acts:
        return 0
    # Acts are done strictly one after the other: with the last one, all are.
    last = in_order(acts)[-1]
    for tenant_id in (city.bureau_id, *(city.agency_id(each.slug) for each in books[1:])):
        if await is_done(database, sealer, _inside(city, tenant_id), last):
            return 0
    known = Known()
    for each in books[1:]:
        await _declared(database, city, each.slug, known)
    await replay(
        database,
        acts,
        known,
        policy=policy(),
        sealer=sealer,
        progress=lambda done: None if progress is None else progress(done, len(acts)),
    )
    return sum(each.row_count for each in books)


def _read(
    path: Path, slug: str, columns: Mapping[str, tuple[str, ...]], problems: list[Problem]
) -> Accounts:
    folder = path.name if slug == BUREAU else f"{path.parent.name}/{path.name}"
    tables = read_tables(path, folder=folder, columns=columns, problems=problems)
    return Accounts(slug, folder, tables)


def _inside(city: City, tenant_id: UUID) -> Context:
    return Context(Audience.AGENCY, tenant_id=tenant_id, bureau_id=city.bureau_id)


async def _declared(database: Database, city: City, slug: str, known: Known) -> None:
    """The agreements and projects that the manifests declare for an agency."""
    tenant_id = city.agency_id(slug)
    async with database.read(_inside(city, tenant_id)) as transaction:
        for table, kind, column in (
            (AGREEMENT, "agreement", "number"),
            (PROJECT, "project", "name"),
        ):
            found = select(table).where(owned(table, tenant_id=tenant_id))
            for row in await transaction.rows(found):
                known.rows[slug, kind, row[column]] = Done(tenant_id, row["id"])
        if (slug, "agreement") not in {key[:2] for key in known.rows if isinstance(key, tuple)}:
            sentence = f"{slug} is not a tenant yet: apply the manifests first."
            raise OperatorError(sentence)
