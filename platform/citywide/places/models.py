"""The official area tree: city, town, community, each valid for a time."""

from sqlalchemy import Column, Date, ForeignKey, Index, Text, Uuid

from citywide.db.tables import catalogue_table, one_of, period

AREA = catalogue_table(
    "area",
    Column("code", Text, nullable=False, unique=True),
    Column("parent_id", Uuid, ForeignKey("area.id")),
    Column("level", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("valid_from", Date),
    Column("valid_until", Date),
    Index(None, "parent_id"),
    one_of("level", "CITY", "TOWN", "COMMUNITY"),
    period(),
)
