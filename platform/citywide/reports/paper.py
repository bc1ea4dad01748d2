"""A report on paper: A4 pages as PDF with every font inside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from citywide.printing.press import Press
from citywide.reports.charts import drawn
from citywide.reports.content import Bars, Column, Kind, Report, Section, written

TEMPLATE = Path(__file__).with_name("report.typ")


async def printed(report: Report, press: Press) -> bytes:
    """The PDF; raises what `Press.pdf` raises."""
    family = press.families[0]

    def chart(found: Section, bars: Bars) -> str:
        return drawn(found, bars, fonts=press.folder, family=family)

    def section(found: Section) -> Mapping[str, Any]:
        kinds = [column.kind for column in found.columns]
        return {
            "heading": found.heading,
            "remarks": list(found.remarks),
            "columns": [column.heading for column in found.columns],
            "widths": [_width(column) for column in found.columns],
            "right": [kind is not Kind.TEXT for kind in kinds],
            "rows": [[*map(written, row, kinds)] for row in found.rows],
            "charts": [chart(found, bars) for bars in found.charts if found.rows],
        }

    page = {
        "title": report.title,
        "subtitle": report.subtitle,
        "for": report.printed_for,
        "remarks": list(report.remarks),
        "sections": [section(each) for each in report.sections],
    }
    return await press.pdf(TEMPLATE, page)


def _width(column: Column) -> str:
    """Sentences get what is left, figures share it equally, and names take what they need."""
    if column.is_wide:
        return "sentences"
    return "name" if column.kind is Kind.TEXT else "figure"
