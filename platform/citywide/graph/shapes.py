"""Strawberry classes made at run time: the words that the schema's builders share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Union

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UNSET


def list_of(kind: Any) -> Any:
    """`[Kind!]!`."""
    return list[kind]


def optional(kind: Any) -> Any:
    """The nullable form of a type."""
    return kind | None


def union(name: str, description: str, members: tuple[type, ...]) -> Any:
    """One of several types."""
    named = strawberry.union(name, description=description)
    return Annotated[Union[members], named]  # noqa: UP007 -- at run time


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
    made = StrawberryField(
        python_name=python_name,
        graphql_name=name,
        type_annotation=StrawberryAnnotation(annotation),
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
        type_annotation=StrawberryAnnotation(annotation),
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
