"""`GET /needs/<id>/answer.pdf`: the answer to a person's question, to be printed and brought home.

There is none for whoever may not read it, whether the need never was, is another agency's, or has
an answer that is not theirs to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from citywide.needs.page import OPERATION, TEMPLATE, answer_page
from citywide.web.pages import PageEndpoint, PageError, Reader

_NOT_YET = "This question has no answer yet: come back when a department has answered it."


class AnswerEndpoint(PageEndpoint):
    """Prints what a department answered."""

    operation = OPERATION
    name = "answer.pdf"
    not_there = "There is no answer at this address that you may read."

    async def page(self, reader: Reader) -> tuple[Path, Mapping[str, Any]]:
        """The question with its answer."""
        need = await self.read(reader)
        if need["answeredOn"] is None:
            raise PageError(HTTPStatus.CONFLICT, _NOT_YET)
        if need["answer"] is None:
            raise self.missing()
        return TEMPLATE, answer_page(need)
