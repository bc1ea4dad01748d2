"""What went wrong, as entries of a response's `errors`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from graphql import GraphQLError

from citywide.db.outage import away
from citywide.errors import Code, RefusalError
from citywide.graph.admit import InvalidDocumentError

log = structlog.get_logger()

# The response keys from the root to a field.
Path = Sequence[str]


def errors_of(error: Exception, *paths: Path) -> list[dict[str, Any]]:
    """An error's entries; one for each field that it befell, if it befell fields.

    One that is our fault is logged and says nothing.
    """
    found = _entries(error)
    return [{**each, "path": list(path)} for path in paths for each in found] if paths else found


def _entries(error: Exception) -> list[dict[str, Any]]:
    match error:
        case RefusalError():
            extensions = {"code": error.code, **error.extensions}
            return [{"message": error.message, "extensions": extensions}]
        case InvalidDocumentError():
            return [_formatted(each) for each in error.errors]
        case _ if (unavailable := away(error)) is not None:
            return [
                {"message": unavailable.message, "extensions": {"code": unavailable.code}},
            ]
        case _:
            log.error("request failed", exc_info=error)
            message = "Something went wrong on our side; it has been logged."
            return [{"message": message, "extensions": {"code": Code.INTERNAL}}]


def _formatted(error: GraphQLError) -> dict[str, Any]:
    extensions = {"code": Code.BAD_USER_INPUT, **(error.extensions or {})}
    return {**error.formatted, "extensions": extensions}
