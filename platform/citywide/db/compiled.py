"""The text of SQLAlchemy's statements as the driver takes it, made once for each shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.util import LRUCache

DIALECT = asyncpg_dialect()  # type: ignore[no-untyped-call]
# Compiled statements of use cases: a few hundred shapes, some kilobytes each.
_COMPILED: LRUCache[Any, Any] = LRUCache(1_000)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement made once, for those that every act runs: making one costs as much as running it.

    `parameters` are the names of its `bindparam`s in order, each with its own value, if any.
    """

    sql: str
    parameters: tuple[tuple[str, object], ...]

    @classmethod
    def of(cls, statement: Executable) -> Self:
        """The text of a statement whose parameters are named `bindparam`s."""
        sql, parameters = compile_text(statement)
        return cls(sql, tuple(parameters))


def compile_text(statement: Executable) -> tuple[str, list[tuple[str, object]]]:
    """The SQL text with `$1 …`, and its parameters in that order: name and own value, if any."""
    compiled = statement.compile(dialect=DIALECT)  # type: ignore[attr-defined]
    return str(compiled), [(name, compiled.params[name]) for name in compiled.positiontup or ()]


def compile_statement(statement: Executable) -> tuple[str, list[object]]:
    """The SQL text with `$1 …` and its bind values in that order.

    A statement of the same shape is compiled once. This is what SQLAlchemy's own connection does
    before it runs a statement (`engine/default.py`); without it an act spent more time on making
    the text of its statements than PostgreSQL on running them.
    """
    compiled: Any
    compiled, extracted, collected, _ = statement._compile_w_cache(  # noqa: SLF001
        DIALECT, compiled_cache=_COMPILED, column_keys=[]
    )
    values = compiled.construct_params(extracted_parameters=extracted, _collected_params=collected)
    return str(compiled), [values[name] for name in compiled.positiontup or ()]
