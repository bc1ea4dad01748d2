"""`@constraint`: what a field of an input must be, for programs that check before they send."""

from __future__ import annotations

import strawberry
from strawberry.schema_directive import Location
from strawberry.types.unset import UNSET

from citywide.rules.fields import About


@strawberry.schema_directive(
    locations=[Location.INPUT_FIELD_DEFINITION],
    description="What the value must be; the description says it in words.",
)
class Constraint:
    """The rules of one field of an input.

    Lengths count Unicode code points; `format` is `line` (no line breaks), `phone` or `past` (a day
    that is not after the bureau's business day), `pattern` a regular expression for the whole.
    """

    # In the order of their names, in which the schema is printed.
    format: str | None = strawberry.directive_field(name="format", default=UNSET)
    max: int | None = strawberry.directive_field(name="max", default=UNSET)
    max_items: int | None = strawberry.directive_field(name="maxItems", default=UNSET)
    max_length: int | None = strawberry.directive_field(name="maxLength", default=UNSET)
    min: int | None = strawberry.directive_field(name="min", default=UNSET)
    min_items: int | None = strawberry.directive_field(name="minItems", default=UNSET)
    min_length: int | None = strawberry.directive_field(name="minLength", default=UNSET)
    pattern: str | None = strawberry.directive_field(name="pattern", default=UNSET)


_PYTHON_NAMES = {
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_items",
    "maxItems": "max_items",
}


def constraint_of(about: About) -> list[Constraint]:
    """The directive of a field's rules, where it has any that a program can check."""
    given = {_PYTHON_NAMES.get(name, name): value for name, value in about.constraint.items()}
    return [Constraint(**given)] if given else []
