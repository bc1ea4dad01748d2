"""The schema's own scalars and the shared enums of its arguments."""

from __future__ import annotations

import re
from enum import Enum, StrEnum
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

# Up to 14 digits of yuan: every public budget, and still exact in a bigint of fen.
_MONEY = re.compile(r"(-?)(\d{1,14})(?:\.(\d{1,2}))?")
# GraphQL's Int is 32 bits wide; counts are checked against it before they are compared.
Money = NewType("Money", int)


def parse_money(value: object) -> int:
    """`"1234.5"` yuan as 123450 fen; anything inexact or not a string is refused."""
    match = _MONEY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        message = 'Money is a decimal string in yuan with at most two places, such as "1234.50".'
        raise GraphQLError(message)
    sign, yuan, fen = match.groups()
    amount = int(yuan) * 100 + int((fen or "").ljust(2, "0"))
    return -amount if sign else amount


def print_money(amount_fen: int) -> str:
    """123450 fen as `"1234.50"`."""
    yuan, fen = divmod(abs(amount_fen), 100)
    return f"{'-' if amount_fen < 0 else ''}{yuan}.{fen:02}"


MONEY: ScalarDefinition = strawberry.scalar(
    name="Money",
    description='An exact sum in yuan as a decimal string with two places, such as "1234.50".',
    serialize=print_money,
    parse_value=parse_money,
)


@strawberry.enum(description="The language of a label.")
class Locale(Enum):
    ZH_CN = "ZH_CN"
    EN = "EN"


@strawberry.enum(description="Which way an order runs; null comes last when ascending.")
class OrderDirection(Enum):
    ASC = "ASC"
    DESC = "DESC"


def words(name: str, values: type[StrEnum], description: str) -> Any:
    """The schema's enum of a domain's words."""
    names: Any = Enum(name, {each.name: each.value for each in values})  # type: ignore[misc]
    return strawberry.enum(names, description=description)
