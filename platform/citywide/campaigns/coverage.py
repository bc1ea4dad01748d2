"""`campaignCoverage` in the schema: how far a campaign got, counted in the one statement.

Whoever may not know who is entitled sees sums of whole communities, and of these only the ones
with five persons due or more, whatever is asked. So no difference of answers tells anything of a
smaller one. Rounding as in `metrics` would tell the same persons anew with each festival, and
figures by worker would cut a community into small ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import strawberry
from sqlalchemy import BigInteger, FromClause, Uuid, and_, cast, func, literal, null, select
from sqlalchemy.sql import ColumnElement

from citywide.beneficiaries.models import BENEFICIARY
from citywide.campaigns.graph import CampaignCoverage
from citywide.campaigns.models import CAMPAIGN_DUE
from citywide.campaigns.visits import is_visited
from citywide.campaigns.words import CoverageDimension
from citywide.graph.declare import CATALOGUE, Kind, Root
from citywide.graph.planning import (
    Group,
    JsonObject,
    Place,
    converter,
    json_list,
    keys_of_a_row,
    opaque_id,
    selected,
)
from citywide.ids import NO_TENANT, NodeId
from citywide.tenancy.models import SITE

# As in `metrics`: a cell about fewer persons tells who they are to somebody who knows the place.
SMALLEST_CELL = 5
# Of what is told, in a column of its own.
_TOLD = "told_"
_FIGURES = ("due", "visited", "explained", "unexplained")


class Coverage:
    """Compiles one `campaignCoverage` field."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.access = place.access
        self.by: Sequence[str] = tuple(dict.fromkeys(place.arguments.get("by") or ()))
        self.counted = self._counted()
        # What is told of few persons; the rest is about many, and about no worker's.
        self.probing = [name for name in _FIGURES if not self._is_masked(name)]
        if self.probing:
            for name in ("isVisited", "gapReason", "campaign"):
                self.access.probe(self.access.entities["CampaignDue"], name)

    def json(self) -> ColumnElement[Any]:
        """The answer as the operation selects it."""
        made: Mapping[str, Callable[[Group], ColumnElement[Any]]] = {"rows": self._rows}
        return JsonObject(selected(self.place, self.place.group, "CampaignCoverage", made))

    def _is_masked(self, figure: str) -> bool:
        grant = self.access.grants.of(f"CoverageRow.{figure}")
        return grant is not None and grant.clear is None

    @property
    def _is_by_worker(self) -> bool:
        return CoverageDimension.WORKER in self.by

    def _counted(self) -> FromClause:
        """One row for each combination of `by`: `k0 …` ids, `l0 …` labels, and the figures."""
        cells = self._cells()
        columns = [
            cells.c[f"{part}_{name.lower()}"].label(f"{part[0]}{number}")
            for number, name in enumerate(self.by)
            for part in ("key", "label")
        ]
        is_large = cells.c.due >= literal(SMALLEST_CELL)

        def told(total: Any) -> ColumnElement[Any]:
            found: ColumnElement[Any] = null() if self._is_by_worker else total.filter(is_large)
            return found

        figures = []
        for name in _FIGURES:
            total = func.sum(cells.c[name])
            figures += [
                cast(total, BigInteger).label(name),
                cast(told(total), BigInteger).label(f"{_TOLD}{name}"),
            ]
        found = select(*columns, *figures).select_from(cells)
        # Without a group there would be a row about nobody, of a campaign that is not there.
        some = func.count() > literal(0)
        if all(self._is_masked(name) for name in _FIGURES):
            # A row of nothing that is told would tell that there is something.
            some = told(func.count()) > literal(0)
        return found.group_by(*(column.element for column in columns)).having(some).subquery()

    def _cells(self) -> FromClause:
        """One row for each community, and for each worker in it if asked by worker."""
        entities, access = self.access.entities, self.access
        campaign = entities["Campaign"].table.alias()
        due, file, site = CAMPAIGN_DUE.alias(), BENEFICIARY.alias(), SITE.alias()
        area, worker = entities["Area"].table.alias(), entities["Member"].table.alias()
        source = (
            due.join(campaign, _same(campaign, campaign.c.id == due.c.campaign_id, due))
            .join(file, _same(file, file.c.id == due.c.beneficiary_id, due))
            .join(site, _same(site, site.c.id == file.c.site_id, due))
            .join(area, area.c.id == site.c.area_id)
            .join(worker, _same(worker, worker.c.id == file.c.worker_id, due))
        )
        keys = [
            opaque_id(entities["Area"], area).label("key_area"),
            area.c.name.label("label_area"),
        ]
        each = [area.c.id, area.c.name]
        if self._is_by_worker:
            keys += [
                opaque_id(entities["Member"], worker).label("key_worker"),
                worker.c.name.label("label_worker"),
            ]
            each += [worker.c.tenant_id, worker.c.id, worker.c.name]
        walls = [
            condition
            for table, row in (
                (CAMPAIGN_DUE, due),
                (BENEFICIARY, file),
                (SITE, site),
                (entities["Member"].table, worker),
            )
            for condition in access.wall(table, row)
        ]
        given = self.place.arguments["campaign"]
        chosen = [
            campaign.c.id == access.binds.value(given, Uuid(), _campaign),
            campaign.c.tenant_id == access.binds.value(given, Uuid(), _tenant),
        ]
        was_visited, has_reason = is_visited(due), due.c.gap_reason.is_not(None)
        found = select(
            *keys,
            func.count().label("due"),
            func.count().filter(was_visited).label("visited"),
            func.count().filter(and_(~was_visited, has_reason)).label("explained"),
            func.count().filter(and_(~was_visited, ~has_reason)).label("unexplained"),
        ).select_from(source)
        conditions = [*chosen, *access.visible(entities["Campaign"], campaign), *walls]
        return found.where(and_(*conditions)).group_by(*each).subquery()

    def _rows(self, group: Group) -> ColumnElement[Any]:
        made: dict[str, Callable[[Group], ColumnElement[Any]]] = {"keys": self._keys}
        made |= dict.fromkeys(_FIGURES, self._figure)
        pairs = selected(self.place, group, "CoverageRow", made)
        pairs += self.place.noted([self.counted.c[name] for name in self.probing])
        row = JsonObject(pairs)
        order = [self.counted.c[f"{part}{n}"] for n in range(len(self.by)) for part in "lk"]
        listed = json_list(row, order or [literal(1)])
        return select(listed).select_from(self.counted).scalar_subquery()

    def _keys(self, group: Group) -> ColumnElement[Any]:
        cell = self.counted.c
        keys = {name: (cell[f"k{n}"], cell[f"l{n}"]) for n, name in enumerate(self.by)}
        return keys_of_a_row(self.place, group, "CoverageKey", keys)

    def _figure(self, group: Group) -> ColumnElement[Any]:
        figure: ColumnElement[Any] = self.counted.c[group.name]
        if not self._is_masked(group.name):
            return figure
        coordinate = f"CoverageRow.{group.name}"
        reason = f"of communities with {SMALLEST_CELL} persons due or more, and of no worker"
        self.access.mask_noted((*self.place.path, "rows", group.key), coordinate, reason)
        told: ColumnElement[Any] = self.counted.c[f"{_TOLD}{group.name}"]
        return told


def _same(row: FromClause, on: ColumnElement[bool], due: FromClause) -> ColumnElement[bool]:
    """A join inside the tenant."""
    return and_(row.c.tenant_id == due.c.tenant_id, on)


def _campaign(text: str) -> UUID:
    tag = CATALOGUE.entities["Campaign"].tag
    found: UUID = converter(Kind.ID, tag, "Campaign")(text)
    return found


def _tenant(text: str) -> UUID:
    node = NodeId.decode(text)
    return NO_TENANT if node is None else node.tenant_id


CATALOGUE.roots["campaignCoverage"] = Root(
    description="How far a campaign got: persons due, visited, and without a visit.",
    returns=CampaignCoverage,
    arguments={
        "campaign": (strawberry.ID, "The campaign.", strawberry.UNSET),
        "by": (
            list[CoverageDimension] | None,
            "What to split by; nothing: one row.",
            strawberry.UNSET,
        ),
    },
    compile=lambda place: Coverage(place).json(),
    guarded={"by": CoverageDimension},
    maskable=frozenset(f"CoverageRow.{name}" for name in _FIGURES),
)
