"""`GET /volunteers/<id>/certificate.pdf`: a volunteer's certified hours, to be sealed."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from citywide.volunteers.certificate import OPERATION, TEMPLATE, certificate_page
from citywide.web.pages import PageEndpoint, PageError, Reader

# A hundred entries each: who has more has helped every day for years.
MOST_PAGES = 20
_TOO_MANY = f"There are more than {MOST_PAGES * 100} certified entries: too many for one page."


class CertificateEndpoint(PageEndpoint):
    """Prints what was certified, all of it or nothing."""

    operation = OPERATION
    name = "certificate.pdf"
    not_there = "There is no certificate at this address that you may print."

    async def page(self, reader: Reader) -> tuple[Path, Mapping[str, Any]]:
        """The sums of every certified entry, and the latest ones."""
        hours: list[Mapping[str, Any]] = []
        after = None
        for _ in range(MOST_PAGES):
            volunteer = await self.read(reader, after=after)
            if volunteer["masked"]:
                # A certificate says what was done, or nothing.
                raise self.missing()
            hours += volunteer["hours"]["nodes"]
            info = volunteer["hours"]["pageInfo"]
            if not info["hasNextPage"]:
                page = certificate_page(volunteer, hours, today=reader.principal.today)
                return TEMPLATE, page
            after = info["endCursor"]
        raise PageError(HTTPStatus.CONFLICT, _TOO_MANY)
