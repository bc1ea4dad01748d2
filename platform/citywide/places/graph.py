"""The area tree in the schema."""

from citywide.graph.declare import column, entity, many, one
from citywide.places.models import AREA


@entity(
    AREA,
    tag="area",
    root="areas",
    root_description="The official area tree, with areas that have since been merged away.",
)
class Area:
    """A node of the official area tree (区域): city, town or community."""

    code = column("The official statistical division code: 6, 9 or 12 digits.")
    name = column("The official name.")
    level = column("Where the area stands in the tree.")
    valid_from = column("First day of validity; null when it is not known.")
    valid_until = column("First day on which it was no longer valid; null while it is.")
    parent = one("Area", "The area that contains this one.", {"id": "parent_id"}, nullable=True)
    children = many("Area", "The areas directly inside this one.", {"parent_id": "id"})
