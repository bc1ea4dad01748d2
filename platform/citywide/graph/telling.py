"""Which fields tell about a person: those of persons, and of whatever rows name or hang on one."""

from __future__ import annotations

from collections.abc import Mapping

from citywide.graph.declare import Entity, Join, Through


def telling_fields(
    entities: Mapping[str, Entity], entity: Entity, fields: frozenset[str]
) -> frozenset[str]:
    """Those of the `fields` of an entity that tell about a person."""
    about = entity.about
    if about is None and not leads_to_a_person(entities, entity):
        return frozenset()
    telling = fields - {"__typename"}
    return telling if about is None or about.fields is None else telling & about.fields


def is_a_person(entity: Entity) -> bool:
    """Whether each row is a person."""
    return entity.about is not None and entity.about.columns == ("id",)


def hook(entities: Mapping[str, Entity], entity: Entity) -> tuple[Entity, Join] | None:
    """The row that this one hangs on, where it does not name whom it is about itself."""
    about = entity.about
    if about is not None and (
        about.target is not None or {"id", "beneficiary_id"} & {*about.columns}
    ):
        return None
    if not isinstance(entity.caseload, Through):
        return None
    return entities[entity.caseload.target], entity.caseload.on


def leads_to_a_person(entities: Mapping[str, Entity], entity: Entity) -> bool:
    """Whether rows name persons, or hang on rows that do."""
    if entity.about is not None:
        return True
    above = hook(entities, entity)
    return above is not None and leads_to_a_person(entities, above[0])
