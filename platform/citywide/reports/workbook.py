"""A report as a workbook (Office Open XML): one sheet a section, figures as numbers."""

from __future__ import annotations

import io
import re

import xlsxwriter

from citywide.reports.content import Cell, Kind, Report, Section

# What a sheet's name may not hold, and how long it may be (Excel's limits).
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
_NAME_LENGTH = 31
_FORMATS = {
    Kind.TEXT: "@",
    Kind.COUNT: "#,##0.##",
    Kind.MONEY: "#,##0.00",
    Kind.SHARE: "0%",
    Kind.POINTS: "0.00",
}


def bound(report: Report) -> bytes:
    """The workbook; amounts in yuan. What people wrote is text, never a formula or a link."""
    held = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(held, options) as book:
        book.set_properties({"title": report.title, "subject": report.subtitle})
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        formats = {kind: book.add_format({"num_format": text}) for kind, text in _FORMATS.items()}
        cover = book.add_worksheet("说明")
        cover.set_column(0, 0, 100)
        remarks = [f"{each.heading}：{line}" for each in report.sections for line in each.remarks]
        for row, line in enumerate(
            (report.title, report.subtitle, report.printed_for, *report.remarks, *remarks)
        ):
            cover.write_string(row, 0, line)
        for number, section in enumerate(report.sections, start=1):
            sheet = book.add_worksheet(_name(number, section.heading))
            for place, column in enumerate(section.columns):
                sheet.write_string(0, place, column.heading, head)
                is_text = column.kind is Kind.TEXT
                sheet.set_column(place, place, 60 if column.is_wide else 28 if is_text else 14)
            for row, cells in enumerate(section.rows, start=1):
                for place, (cell, column) in enumerate(zip(cells, section.columns, strict=True)):
                    if cell is not None:
                        sheet.write(row, place, _value(cell, column.kind), formats[column.kind])
            sheet.freeze_panes(1, 1)
            _charted(book, sheet, section)
    return held.getvalue()


def _charted(
    book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet, section: Section
) -> None:
    if not section.rows:
        return
    below = len(section.rows) + 2
    for number, bars in enumerate(section.charts):
        last = bars.groups
        chart = book.add_chart({"type": "column"})
        for place in bars.columns:
            chart.add_series(
                {
                    "name": [sheet.name, 0, place],
                    "categories": [sheet.name, 1, 0, last, 0],
                    "values": [sheet.name, 1, place, last, place],
                }
            )
        chart.set_title({"name": bars.title})
        chart.set_y_axis({"name": bars.unit})
        sheet.insert_chart(below + 16 * number, 0, chart)


def _name(number: int, heading: str) -> str:
    return f"{number} {_FORBIDDEN.sub(' ', heading)}"[:_NAME_LENGTH]


def _value(cell: Cell, kind: Kind) -> Cell:
    return int(cell) / 100 if kind is Kind.MONEY and cell is not None else cell
