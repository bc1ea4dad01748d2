"""The sections about money: what was allocated, spent and left, and what a unit of service cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from citywide.graph.scalars import parse_money
from citywide.reports.content import Bars, Cell, Column, Kind, Section

UNITS: Mapping[str, str] = {
    "PERSON": "每位服务对象",
    "PERSON_TIME": "每人次服务",
    "HOME_HELP": "每人次上门帮扶",
    "CASE_COUNSELLING": "每人次个案辅导",
    "GROUP_ACTIVITY": "每场小组活动",
}
_SUMS = ("allocated", "committed", "spent", "available")
_COLUMNS = (
    Column("预算（元）", Kind.MONEY),
    Column("已承诺（元）", Kind.MONEY),
    Column("已支出（元）", Kind.MONEY),
    Column("可用（元）", Kind.MONEY),
    Column("支出进度", Kind.SHARE),
    Column("期末预计（元）", Kind.MONEY),
)
_ALLOCATED, _SPENT = 1, 3
_PACE = "支出进度为实际支出与匀速支出之比；期末预计按最近三个整月的日均支出推算。"


def money_sections(found: Mapping[str, Any]) -> list[Section]:
    """The sections of a money document: by agency where it has that, by category, by month."""
    sections = []
    if "byAgency" in found:
        sections.append(_spending("各机构资金", "机构", found["byAgency"], found["total"]))
    by_category = _spending("各类支出", "类别", found["byCategory"], found["total"])
    by_month = _spending("逐月支出", "月份", found["byMonth"])
    return [*sections, by_category, by_month, _unit_costs(found["unitCosts"]["rows"])]


def _spending(
    heading: str, by: str, table: Mapping[str, Any], total: Mapping[str, Any] | None = None
) -> Section:
    rows = [[_label(row["keys"][0]), *_cells(row)] for row in table["rows"]]
    groups = len(rows)
    if total is not None:
        rows += [["合计", *_cells(row)] for row in total["rows"]]
    chart = Bars(f"{heading}（元）", (_ALLOCATED, _SPENT), "元", groups)
    columns = [Column(by, Kind.TEXT), *_COLUMNS]
    return Section(heading, columns, rows, remarks=[_PACE], charts=[chart])


def _cells(row: Mapping[str, Any]) -> list[Cell]:
    sums: list[Cell] = [parse_money(row[name]) for name in _SUMS]
    return [*sums, row["burnRate"], parse_money(row["forecast"])]


def _label(key: Mapping[str, Any]) -> str:
    return key["label"] or key["value"] or "（未归属）"


def _unit_costs(rows: Sequence[Mapping[str, Any]]) -> Section:
    found: list[list[Cell]] = [
        [
            row["keys"][0]["label"],
            UNITS.get(each["unit"], each["unit"]),
            parse_money(each["spent"]),
            each["quantity"],
            *(
                None if each[name] is None else parse_money(each[name])
                for name in ("cost", "median")
            ),
        ]
        for row in rows
        for each in row["costs"]
    ]
    columns = [
        Column("机构", Kind.TEXT),
        Column("单位", Kind.TEXT),
        Column("支出（元）", Kind.MONEY),
        Column("数量"),
        Column("单位成本（元）", Kind.MONEY),
        Column("各机构中位数（元）", Kind.MONEY),
    ]
    remark = "单位成本为全部已核准支出除以数量，不论支出用于何处。"
    return Section("单位成本", columns, found, remarks=[remark])
