"""The last section: where the audit trail was when this was printed, to be compared later."""

from __future__ import annotations

from collections.abc import Sequence

from citywide.audit.anchors import PRINTED_DIGITS, Anchored
from citywide.reports.content import Column, Kind, Section

_COLUMNS = (Column("机构", Kind.TEXT), Column("条数"), Column("链首（前十六位）", Kind.TEXT))


def trail_section(found: Sequence[Anchored]) -> Section:
    """How many entries each chain had, and the first digits of its newest link."""
    rows = [(each.slug, each.position, each.hash[:PRINTED_DIGITS]) for each in found]
    remark = "留存本页：日后可用 citywide audit verify 核对，此前的记录若被删改即可发现。"
    return Section("审计记录", _COLUMNS, rows, (remark,))
