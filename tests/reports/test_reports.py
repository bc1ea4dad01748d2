"""A report says what the records say, to whoever may read them, on paper and in a workbook."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from citywide.cli.report import ROOM
from citywide.errors import Code, OperatorError, RefusalError
from citywide.printing.press import Press
from citywide.reports.content import WITHHELD, Bars, Column, Kind, Report, Section, written
from citywide.reports.making import Documents, Period, reports
from citywide.reports.paper import printed
from citywide.reports.workbook import bound
from citywide.settings import CHECKOUT, Settings
from walls.house import House

SUMMER = Period(date(2015, 6, 1), date(2015, 9, 1))
ONE = "优抚社工(2014)1号"


@pytest.fixture
def press() -> Iterator[Press]:
    """A press with room for a report."""
    made = Press(Settings().fonts, room=ROOM)
    yield made
    made.close()


async def documents(funded: House, user: str) -> Documents:
    return Documents(
        funded.engine, await funded.principal(user), CHECKOUT / "schema" / "operations", "年度审计"
    )


async def made(
    funded: House, user: str, period: Period | None = None, *numbers: str
) -> dict[str, Report]:
    return {
        name: each async for name, each in reports(await documents(funded, user), period, numbers)
    }


def section(report: Report, heading: str) -> Mapping[str, list[Any]]:
    """The rows of a section by their first cell."""
    [found] = [each for each in report.sections if each.heading == heading]
    return {str(row[0]): list(row[1:]) for row in found.rows}


async def test_the_city_and_each_agreement_have_a_report(funded: House) -> None:
    found = await made(funded, "bureau.auditor")
    assert list(found) == ["city", *(f"优抚社工-2014-{number}号" for number in (1, 2, 3))]
    assert "2014-12-01 至 2015-12-01" in found["city"].subtitle
    assert "用途：年度审计" in found["city"].printed_for


async def test_the_months_of_a_period_are_those_of_the_records(funded: House) -> None:
    found = section((await made(funded, "bureau.auditor", SUMMER))["city"], "逐月服务")
    rows = await funded.owner.fetch(
        "SELECT to_char(r.served_on, 'YYYY-MM') AS month, count(*) FILTER (WHERE a.role = 'WORKER')"
        " AS workers, count(*) FILTER (WHERE a.role = 'VOLUNTEER') AS volunteers,"
        " count(*) FILTER (WHERE a.role = 'BENEFICIARY' AND r.kind = 'HOME_HELP') AS helped"
        " FROM service_record r JOIN attendance a ON a.tenant_id = r.tenant_id"
        " AND a.service_record_id = r.id WHERE r.served_on >= '2015-06-01'"
        " AND r.served_on < '2015-09-01' GROUP BY 1"
    )
    assert {month: cells[:3] for month, cells in found.items()} == {
        row["month"]: [row["workers"], row["volunteers"], row["helped"]] for row in rows
    }


async def test_what_was_planned_stands_beside_what_was_done(funded: House) -> None:
    [report] = (await made(funded, "bureau.auditor", None, ONE)).values()
    found = section(report, "计划与完成")
    # Of the manifest: 20 + 24 and 12 + 12 in the agreement's two halves.
    assert found["上门帮扶（人次）"] == [44, 38, pytest.approx(38 / 44)]
    assert found["个案辅导（人次）"] == [24, 28, pytest.approx(28 / 24)]


async def test_the_money_is_that_of_the_vouchers(funded: House) -> None:
    found = section((await made(funded, "bureau.auditor"))["city"], "各机构资金")
    spent = await funded.owner.fetch(
        "SELECT t.name, sum(e.amount_fen)::bigint AS spent FROM expense e"
        " JOIN tenant t ON t.id = e.tenant_id WHERE e.status IN ('APPROVED', 'PAID') GROUP BY 1"
    )
    assert {name: cells[2] for name, cells in found.items() if name != "合计"} == {
        row["name"]: row["spent"] for row in spent
    }
    assert found["合计"][2] == sum(row["spent"] for row in spent)


async def test_who_may_not_see_the_money_is_told_that_it_is_left_out(funded: House) -> None:
    report = (await made(funded, "bureau.evaluator"))["city"]
    assert "各机构资金" not in [each.heading for each in report.sections]
    assert any("资金部分未列出" in remark for remark in report.remarks)


async def test_who_sees_aggregates_only_gets_no_report(funded: House) -> None:
    with pytest.raises(RefusalError) as caught:
        await made(funded, "bureau.analyst")
    assert caught.value.code is Code.FORBIDDEN


async def test_how_an_agreement_was_judged_stands_in_its_report(funded: House) -> None:
    reports = await made(funded, "bureau.auditor")
    report, period = reports["优抚社工-2014-2号"], "2014-12-01 至 2015-11-01（不含）"
    kept = await funded.owner.fetch(
        "SELECT f.name, f.numerator, f.denominator, f.points_hundredths AS points FROM tenant t"
        " JOIN scorecard_figure f USING (tenant_id) WHERE t.slug = 'yijiaqin'"
    )
    found = section(report, f"绩效评价 {period}")
    for line in kept:
        figure, change = None, None
        if line["numerator"] is not None:
            change = 0
            figure = pytest.approx(line["numerator"] / (line["denominator"] or 1), abs=0.0005)
        assert found[line["name"]][4:8] == [figure, figure, change, line["points"] / 100]
    assert next(iter(found)) == "制度与档案"
    [card] = [each for each in report.sections if each.heading == f"绩效评价 {period}"]
    assert "等级：合格；处理：限期整改，2015-11-30 前完成。" in card.remarks[0]
    assert any(line.startswith("自评依据：服务记录") for line in card.remarks)
    [ratings] = [each for each in report.sections if each.heading == f"评分明细 {period}"]
    given = await funded.owner.fetch(
        "SELECT f.name, r.rater, r.points, r.weight, r.reason FROM scorecard_rating r"
        " JOIN scorecard_figure f ON f.tenant_id = r.tenant_id AND f.id = r.figure_id"
        " JOIN tenant t ON t.tenant_id = r.tenant_id WHERE t.slug = 'yijiaqin'"
    )
    assert {(row[0], *row[2:]) for row in ratings.rows} == {tuple(row) for row in given}

    grades = section(reports["city"], "绩效评价")
    cards = await funded.owner.fetch(
        "SELECT a.number, s.score_hundredths AS score, s.rectify_by FROM scorecard s"
        " JOIN agreement a ON a.tenant_id = s.tenant_id AND a.id = s.agreement_id"
    )
    assert {number: (cells[4], cells[7]) for number, cells in grades.items()} == {
        row["number"]: (row["score"] / 100, row["rectify_by"] and str(row["rectify_by"]))
        for row in cards
    }
    earlier = Period(date(2014, 11, 1), date(2014, 12, 1))
    for user, period_asked in (("bureau.auditor", earlier), ("yixin.finance", None)):
        city = (await made(funded, user, period_asked))["city"]
        assert "绩效评价" not in [each.heading for each in city.sections]


async def test_an_agreement_that_is_not_there_is_named(funded: House) -> None:
    with pytest.raises(OperatorError, match=r"There is no agreement 9\. There are .*1号"):
        await made(funded, "bureau.auditor", None, "9")


async def test_the_pages_can_be_read_and_their_fonts_are_inside(
    funded: House, press: Press
) -> None:
    [report] = (await made(funded, "bureau.auditor", None, ONE)).values()
    pages = PdfReader(io.BytesIO(await printed(report, press))).pages
    text = "".join(page.extract_text() for page in pages)
    for said in ("计划与完成", "各类支出（元）", "志愿者补贴", "单位成本", "2015-06"):
        assert said in text
    for page in pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            held = font.get_object()["/DescendantFonts"][0].get_object()
            assert {"/FontFile2", "/FontFile3"} & held["/FontDescriptor"].get_object().keys()


async def test_the_workbook_holds_the_same_figures_as_numbers(funded: House) -> None:
    report = (await made(funded, "bureau.auditor"))["city"]
    book = openpyxl.load_workbook(io.BytesIO(bound(report)))
    assert len(book.worksheets) == 1 + len(report.sections)
    for sheet, found in zip(book.worksheets[1:], report.sections, strict=True):
        assert [cell.value for cell in sheet[1]] == [column.heading for column in found.columns]
        for line, row in zip(sheet.iter_rows(min_row=2), found.rows, strict=False):
            for cell, held, column in zip(line, row, found.columns, strict=True):
                if column.kind is Kind.MONEY and held is not None:
                    assert Decimal(str(cell.value)) == Decimal(int(held)) / 100
                else:
                    assert cell.value == held
        assert len(sheet._charts) == len(found.charts)


def test_what_people_wrote_is_text_in_a_workbook() -> None:
    rows = [["=1+1"], ["https://example.invalid"]]
    report = Report("题", "", "", ["=2+2"], [Section("a/b:c", [Column("名", Kind.TEXT)], rows)])
    book = openpyxl.load_workbook(io.BytesIO(bound(report)))
    cells = [book.worksheets[0]["A4"], *book.worksheets[1]["A"][1:]]
    assert [(cell.value, cell.data_type) for cell in cells] == [
        (text, "s") for text in ("=2+2", "=1+1", "https://example.invalid")
    ]


async def test_a_withheld_figure_has_neither_number_nor_bar(press: Press) -> None:
    columns = [Column("月", Kind.TEXT), Column("数")]
    chart = Bars("图", (1,), "人次", 2)
    report = Report(
        "题", "", "", [], [Section("节", columns, [["一", None], ["二", 7]], charts=[chart])]
    )
    pdf = await printed(report, press)
    assert WITHHELD in "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert openpyxl.load_workbook(io.BytesIO(bound(report))).worksheets[1]["B2"].value is None


@pytest.mark.parametrize(
    ("cell", "kind", "text"),
    [
        (None, Kind.COUNT, WITHHELD),
        (1234567, Kind.COUNT, "1,234,567"),
        (351.0, Kind.COUNT, "351"),
        (4.25, Kind.COUNT, "4.2"),
        (-123450, Kind.MONEY, "-1,234.50"),
        (0.854, Kind.SHARE, "85%"),
        (79.96, Kind.POINTS, "79.96"),
        ("一", Kind.TEXT, "一"),
    ],
)
def test_a_cell_is_written_by_its_kind(cell: Any, kind: Kind, text: str) -> None:
    assert written(cell, kind) == text
