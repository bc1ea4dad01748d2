"""`where` decided row by row in three values, as SQL has them: true, false and None for unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from citywide.graph.declare import Entity, Many, One, Value
from oracle.sight import Sight, outside_id
from oracle.world import Row

_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda seen, given: bool(seen == given),
    "lt": lambda seen, given: bool(seen < given),
    "lte": lambda seen, given: bool(seen <= given),
    "gt": lambda seen, given: bool(seen > given),
    "gte": lambda seen, given: bool(seen >= given),
    "in": lambda seen, given: seen in given,
    "startsWith": lambda seen, given: bool(seen.startswith(given)),
    "contains": lambda seen, given: given in seen,
}


def holds(sight: Sight, entity: Entity, row: Row, where: Mapping[str, Any]) -> bool | None:
    """Whether every condition of `where` holds for the row."""
    return every(_condition(sight, entity, row, key, given) for key, given in where.items())


def every(found: Iterable[bool | None]) -> bool | None:
    """AND: false beats unknown beats true."""
    values = list(found)
    if False in values:
        return False
    return None if None in values else True


def some(found: Iterable[bool | None]) -> bool | None:
    """OR: true beats unknown beats false."""
    values = list(found)
    if True in values:
        return True
    return None if None in values else False


def _condition(sight: Sight, entity: Entity, row: Row, key: str, given: Any) -> bool | None:
    match key:
        case "and":
            return every(holds(sight, entity, row, each) for each in given)
        case "or":
            return some(holds(sight, entity, row, each) for each in given)
        case "not":
            # What is not known to hold does not hold.
            return holds(sight, entity, row, given) is not True
        case "id":
            return _comparison(outside_id(entity, row), given)
    declared = entity.fields[key]
    if isinstance(declared, Value):
        return _comparison(sight.value(entity, key, row), given)
    assert isinstance(declared, One | Many)
    target = sight.entities[declared.target]
    if not sight.is_clear(entity, key, row):
        return False
    others = sight.related(target, declared.on, row)
    return any(holds(sight, target, other, given) is True for other in others)


def _comparison(seen: Any, given: Mapping[str, Any]) -> bool | None:
    return every(_test(seen, operator, value) for operator, value in given.items())


def _test(seen: Any, operator: str, given: Any) -> bool | None:
    if operator == "isNull":
        return bool((seen is None) == given)
    return None if seen is None else _TESTS[operator](seen, given)
