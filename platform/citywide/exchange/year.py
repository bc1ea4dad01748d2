"""Load a pilot's year: what was done with its money and how it was judged, day by day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import select

from citywide.acts.legacy import of_tenant
from citywide.acts.perform import Done
from citywide.authz.policy import Policy
from citywide.db.sealed import Sealer
from citywide.db.session import Database
from citywide.errors import OperatorError
from citywide.exchange.account_tables import AGENCY_COLUMNS, BUREAU, CITY_COLUMNS, Accounts
from citywide.exchange.accounts import deeds_of
from citywide.exchange.deeds import Known, do_again, in_order, is_done
from citywide.projects.models import PROJECT
from citywide.tenancy.desk import Desk
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
    """Do again what the files of the year in `folder` tell; how many rows they have, if any is new.

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
    deeds = [deed for each in books for deed in deeds_of(each, database, problems)]
    refuse_problems(problems, "nothing was loaded")
    if not deeds:
        return 0
    # Deeds are done strictly one after the other: with the last one, all are.
    last = in_order(deeds)[-1]
    for tenant_id in (city.bureau_id, *(city.agency_id(each.slug) for each in books[1:])):
        if await is_done(database, Desk(tenant_id, city.bureau_id, city.today), last):
            return 0
    known = Known()
    for each in books[1:]:
        await _declared(database, city, each.slug, known)
    await do_again(
        database,
        deeds,
        known,
        policy=policy(),
        sealer=sealer,
        progress=lambda done: None if progress is None else progress(done, len(deeds)),
    )
    return sum(each.row_count for each in books)


def _read(
    path: Path, slug: str, columns: Mapping[str, tuple[str, ...]], problems: list[Problem]
) -> Accounts:
    folder = path.name if slug == BUREAU else f"{path.parent.name}/{path.name}"
    tables = read_tables(path, folder=folder, columns=columns, problems=problems)
    return Accounts(slug, folder, tables)


async def _declared(database: Database, city: City, slug: str, known: Known) -> None:
    """The agreements and projects that the manifests declare for an agency."""
    desk = Desk(city.agency_id(slug), city.bureau_id, city.today)
    async with database.read(desk.context) as transaction:
        for table, kind, column in (
            (AGREEMENT, "agreement", "number"),
            (PROJECT, "project", "name"),
        ):
            for row in await transaction.rows(of_tenant(select(table), table, desk=desk)):
                known.rows[slug, kind, row[column]] = Done(desk.tenant_id, row["id"])
        if (slug, "agreement") not in {key[:2] for key in known.rows if isinstance(key, tuple)}:
            sentence = f"{slug} is not a tenant yet: apply the manifests first."
            raise OperatorError(sentence)
