"""The schema's own scalars and the shared enums of its arguments."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.schema.types.base_scalars import DateTimeDefinition
from strawberry.types.scalar import ScalarDefinition

from citywide.db.holdable import is_storable_instant, is_storable_text
from citywide.errors import Code, RefusalError
from citywide.rules.words import Words, auto

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


def parse_instant(value: object) -> datetime:
    """An instant with its offset from UTC: without one it would be another on each machine."""
    assert DateTimeDefinition.parse_value is not None
    try:
        found: datetime = DateTimeDefinition.parse_value(value)
    except OverflowError:
        # Midnight at the end of the last day there is.
        raise _no_instant() from None
    if not is_storable_instant(found):
        raise _no_instant()
    return found


def _no_instant() -> GraphQLError:
    message = (
        "A DateTime has an offset from UTC, such as 2015-11-02T09:00:00+08:00, and lies within "
        "the years 1 to 9999 of UTC."
    )
    return GraphQLError(message)


DATE_TIME: ScalarDefinition = replace(DateTimeDefinition, parse_value=parse_instant)


def storable(text: str) -> str:
    """`text` to compare stored ones with; raises `RefusalError` for what no stored text can be."""
    if not is_storable_text(text):
        message = "A text holds a NUL character or half a surrogate pair, which no stored text has."
        raise RefusalError(Code.BAD_USER_INPUT, message)
    return text


class Locale(Words):
    """The language of a label."""

    ZH_CN = auto(), "Chinese", "简体中文"
    EN = auto(), "English", "英文"


class OrderDirection(Words):
    """Which way an order runs; null comes last when ascending."""

    ASC = auto(), "Ascending", "升序"
    DESC = auto(), "Descending", "降序"
