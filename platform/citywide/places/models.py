"""The official area tree: city, town, community, each valid for a time."""

from datetime import date
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint

from citywide.db.tables import CatalogueRow, catalogue_reference, catalogue_table, period
from citywide.places.words import AreaLevel


class AreaRow(CatalogueRow):
    code: str
    parent_id: UUID | None
    level: AreaLevel
    name: str
    valid_from: date | None
    valid_until: date | None


AREA = catalogue_table(
    "area",
    AreaRow,
    UniqueConstraint("code"),
    Index(None, "parent_id"),
    period(),
    catalogue_reference("parent_id", "area"),
)
