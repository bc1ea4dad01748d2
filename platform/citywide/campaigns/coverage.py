"""`campaignCoverage` in the schema: how far a campaign got, counted in the one statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import strawberry
from sqlalchemy import FromClause, Uuid, and_, case, func, literal, null, select
from sqlalchemy.sql import ColumnElement

from citywide.beneficiaries.models import BENEFICIARY
from citywide.campaigns.graph import CampaignCoverage, CoverageDimension
from citywide.campaigns.models import CAMPAIGN_DUE
from citywide.campaigns.visits import is_visited
from citywide.graph.declare import CATALOGUE, Kind, Root
from citywide.graph.filters import converter
from citywide.graph.place import Place, keys_of_a_row, selected
from citywide.graph.selection import Group
from citywide.graph.sql import JsonObject, json_list, opaque_id
from citywide.ids import NO_TENANT, NodeId
from citywide.tenancy.models import SITE

# As in `metrics`: a cell about fewer persons tells who they are to somebody who knows the place.
SMALLEST_CELL = 5
_FIGURES = ("due", "visited", "explained", "unexplained")


class Coverage:
    """Compiles one `campaignCoverage` field."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.access = place.planner.access
        self.by: Sequence[str] = tuple(dict.fromkeys(place.arguments.get("by") or ()))
        self.counted = self._counted()

    def json(self) -> ColumnElement[Any]:
        """The answer as the operation selects it."""
        made: Mapping[str, Callable[[Group], ColumnElement[Any]]] = {"rows": self._rows}
        return JsonObject(selected(self.place, self.place.group, "CampaignCoverage", made))

    def _counted(self) -> FromClause:
        """One row a cell: `k0 …` ids, `l0 …` labels, and the figures."""
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
        rows = {"AREA": area, "WORKER": worker}
        keys, order = [], []
        for number, name in enumerate(self.by):
            row, entity = rows[name], entities["Area" if name == "AREA" else "Member"]
            keys += [
                opaque_id(entity, row).label(f"k{number}"),
                row.c.name.label(f"l{number}"),
            ]
            order += [row.c.id, row.c.name, *([row.c.tenant_id] if name == "WORKER" else [])]
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
        # Without a group there would be a row about nobody, of a campaign that is not there.
        some = func.count() > literal(0)
        return found.where(and_(*conditions)).group_by(*order).having(some).subquery()

    def _rows(self, group: Group) -> ColumnElement[Any]:
        made: dict[str, Callable[[Group], ColumnElement[Any]]] = {"keys": self._keys}
        made |= dict.fromkeys(_FIGURES, self._figure)
        row = JsonObject(selected(self.place, group, "CoverageRow", made))
        order = [self.counted.c[f"{part}{n}"] for n in range(len(self.by)) for part in "lk"]
        listed = json_list(row, order or [literal(1)])
        return select(listed).select_from(self.counted).scalar_subquery()

    def _keys(self, group: Group) -> ColumnElement[Any]:
        cell = self.counted.c
        keys = {name: (cell[f"k{n}"], cell[f"l{n}"]) for n, name in enumerate(self.by)}
        return keys_of_a_row(self.place, group, "CoverageKey", keys)

    def _figure(self, group: Group) -> ColumnElement[Any]:
        figure: ColumnElement[Any] = self.counted.c[group.name]
        coordinate = f"CoverageRow.{group.name}"
        grant = self.access.grants.of(coordinate)
        if grant is None or grant.clear is not None:
            return figure
        reason = f"null where fewer than {SMALLEST_CELL} persons are due"
        self.access.mask_noted((*self.place.path, "rows", group.key), coordinate, reason)
        return case((self.counted.c.due.between(1, SMALLEST_CELL - 1), null()), else_=figure)


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
