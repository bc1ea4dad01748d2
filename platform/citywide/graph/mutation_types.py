"""The Strawberry types of mutations: inputs from the use cases' dataclasses, results as unions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UNSET

from citywide.graph.constraints import constraint_of
from citywide.graph.declare import Catalogue
from citywide.graph.scalars import Money
from citywide.graph.shapes import argument, enum_of, field, finish, list_of, optional, union
from citywide.rules.fields import InputField, input_fields

_KEY = (
    "Your name for this request, at most 100 characters, as a UUID: sent again with the same "
    "input it is not done again, and answers the same row."
)


class MutationTypes:
    """Makes the root of all mutations; `output` are the entities' types by name."""

    def __init__(self, catalogue: Catalogue, output: Mapping[str, type]) -> None:
        self.catalogue = catalogue
        self.output = output
        self.inputs: dict[type, type] = {}

    def root(self) -> type:
        """One field a use case: one input, and a union of its success and its problems."""
        fields = []
        for name, each in self.catalogue.mutations.items():
            key = field("idempotency_key", str, _KEY)
            taken = self._input(f"{each.type_prefix}Input", each.takes, f"What {name} takes.", key)
            row = field(
                each.payload_field,
                optional(self.output[each.gives]),
                "The row as you may see it; null when you may not see it.",
            )
            success = type(f"{each.type_prefix}Success", (), {})
            finish(success, [row], f"{name} was done.")
            result = union(
                f"{each.type_prefix}Result",
                f"What {name} comes to.",
                (success, *each.possible_problems),
            )
            given = argument("input", taken, "What to do.")
            fields.append(field(name, result, each.description, [given]))
        return finish(type("Mutation", (), {}), fields, "Everything that can be done.")

    def _input(self, name: str, takes: type, description: str, *more: StrawberryField) -> type:
        """The input type of a dataclass; one inside another is made once."""
        fields = list(more)
        for each in input_fields(takes):
            kind = self._kind(each)
            annotation = list_of(kind) if each.is_list else kind
            annotation = optional(annotation) if each.is_optional else annotation
            default = UNSET if each.is_optional else None
            declared = field(each.name, annotation, each.about.text, default=default)
            declared.directives = [*constraint_of(each.about)]
            fields.append(declared)
        return finish(type(name, (), {}), fields, description, is_input=True)

    def _kind(self, each: InputField) -> Any:
        if each.nested is not None:
            if each.nested not in self.inputs:
                text = " ".join((each.nested.__doc__ or "").split())
                name = f"{each.nested.__name__}Input"
                self.inputs[each.nested] = self._input(name, each.nested, text)
            return self.inputs[each.nested]
        if each.about.entity is not None:
            return strawberry.ID
        if each.words is not None:
            return enum_of(each.words)
        return Money if each.about.is_money else each.kind
