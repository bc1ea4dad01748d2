"""Strawberry classes made at run time: the words that the schema's builders share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from functools import cache
from typing import Annotated, Any, Union

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UNSET

from citywide.rules.words import Words


def list_of(kind: Any) -> Any:
    """`[Kind!]!`."""
    return list[kind]


def optional(kind: Any) -> Any:
    """The nullable form of a type."""
    return kind | None


def union(name: str, description: str, members: tuple[type, ...]) -> Any:
    """One of several types, or null: for what leads nowhere, and for a mutation that failed.

    A mutation's field that could not be null would take those beside it with it when it fails, and
    nobody would learn that they were done.
    """
    named = strawberry.union(name, description=description)
    return optional(Annotated[Union[members], named])  # noqa: UP007 -- at run time


def enum_of(words: type[Enum]) -> Any:
    """A closed set of words as an enum of the schema, with its labels for descriptions."""
    if "__strawberry_definition__" not in vars(words):
        strawberry.enum(words)
    definition: Any = vars(words)["__strawberry_definition__"]
    if definition.description is None:
        definition.description = (words.__doc__ or "").split("\n\n")[0].strip()
        for value in definition.values if issubclass(words, Words) else ():
            word: Any = words[value.name]
            value.description = word.text
    return words


class _Field(StrawberryField):
    """A field of a known type. Strawberry reads an annotation again whenever one is set.

    `dataclasses` sets it once more for each field, which was a quarter of the schema's making.
    """

    @property
    def type(self) -> Any:
        """What the annotation says, read once."""
        return self.resolve_type()

    @type.setter  # noqa: A003 -- the name that dataclasses sets
    def type(self, _: Any) -> None:
        pass


@cache
def _annotation(kind: Any) -> StrawberryAnnotation:
    """Read once for all fields of this type: it is a type and no name to look for anywhere."""
    return StrawberryAnnotation(kind, namespace={})


def field(
    python_name: str,
    annotation: Any,
    description: str,
    arguments: Iterable[StrawberryArgument] = (),
    *,
    name: str | None = None,
    default: Any = None,
) -> StrawberryField:
    """A field of a type or an input; a default makes an input's field optional."""
    made = _Field(
        python_name=python_name,
        graphql_name=name,
        type_annotation=_annotation(annotation),
        description=description,
        **({} if default is None else {"default": default}),
    )
    made.arguments = list(arguments)
    return made


def argument(
    name: str, annotation: Any, description: str, default: Any = UNSET
) -> StrawberryArgument:
    """An argument of a field."""
    return StrawberryArgument(
        python_name=name,
        graphql_name=None,
        type_annotation=_annotation(annotation),
        description=description,
        default=default,
    )


def finish(
    cls: type, fields: Iterable[StrawberryField], description: str, *, is_input: bool = False
) -> type:
    """Give a class its fields and make it a Strawberry type."""
    annotations = {}
    for made in fields:
        annotation = made.type_annotation
        assert annotation is not None
        annotations[made.python_name] = annotation.annotation
        setattr(cls, made.python_name, made)
    cls.__annotations__ = annotations
    decorate: Callable[..., Any] = strawberry.input if is_input else strawberry.type
    finished: type = decorate(cls, description=description)
    return finished
