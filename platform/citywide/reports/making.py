"""From trusted documents to reports: everything is read by the planner, as the member asks."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from citywide.authz.principal import Principal
from citywide.errors import Code, OperatorError, RefusalError
from citywide.graph.engine import Engine
from citywide.graph.operation import Operation
from citywide.graph.scalars import parse_money
from citywide.reports.content import Bars, Cell, Column, Kind, Report, Section
from citywide.reports.judgement import grades_section, scorecard_sections
from citywide.reports.money import money_sections

# A city has some dozens of agreements.
PAGE, MOST_PAGES = 100, 20

LABELS: Mapping[str, str] = {
    "BENEFICIARIES_ON_FILE": "建档人数",
    "SOCIAL_WORKER_TURNOUTS": "社工出勤（人次）",
    "VOLUNTEER_TURNOUTS": "志愿者出勤（人次）",
    "HOME_HELP": "上门帮扶（人次）",
    "CASE_COUNSELLING": "个案辅导（人次）",
    "GROUP_ACTIVITIES": "小组活动（场）",
}
# What a file may be called everywhere.
_FILE_NAME = re.compile(r"[^\w]+")
_UNITS = "人数、人次与场次是不同的单位，互不相加。“—”表示没有或不公开的数字。"


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` on and before `end`."""

    first: date
    end: date

    def __str__(self) -> str:
        return f"{self.first.isoformat()} 至 {self.end.isoformat()}（不含当日）"


@dataclass(frozen=True, slots=True)
class Documents:
    """Who asks, with what purpose, and the folder of trusted documents."""

    engine: Engine
    principal: Principal
    operations: Path
    purpose: str

    def printed_for(self, name: str) -> str:
        """Whose rights the figures were read with, and when."""
        return f"{self.principal.today.isoformat()} 由 {name} 读取；用途：{self.purpose}"

    async def read(self, name: str, **variables: Any) -> dict[str, Any]:
        """The data of a trusted document; raises what the engine raises."""
        document = (self.operations / f"{name}.graphql").read_text(encoding="utf-8")
        operation = Operation(document, name, variables, purpose=self.purpose)
        answer = json.loads(await self.engine.answer(operation, self.principal))
        data: dict[str, Any] = answer["data"]
        return data

    async def allowed(self, name: str, **variables: Any) -> dict[str, Any] | None:
        """As `read`; None when the member's roles do not allow the whole document."""
        try:
            return await self.read(name, **variables)
        except RefusalError as refusal:
            if refusal.code is Code.FORBIDDEN:
                return None
            raise


async def read_agreements(documents: Documents) -> list[Mapping[str, Any]]:
    """All agreements that the member may see, by number."""
    found = await _all(documents.read, "AgreementsOverview", "agreements")
    return sorted(found, key=lambda agreement: agreement["number"])


async def _all(
    read: Callable[..., Awaitable[dict[str, Any] | None]], name: str, root: str, **variables: Any
) -> list[Mapping[str, Any]]:
    """The nodes of all pages of a trusted document's root; none where it is not allowed."""
    found: list[Mapping[str, Any]] = []
    after = None
    for _ in range(MOST_PAGES):
        data = await read(name, first=PAGE, after=after, **variables)
        if data is None:
            break
        page = data[root]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    return found


async def city_report(
    documents: Documents, agreements: Sequence[Mapping[str, Any]], period: Period
) -> Report:
    """The report on a city in a period."""
    figures = await documents.read("CityReport", **_days(period))
    money = await documents.allowed("CityMoneyReport", **_days(period))
    judged = await _judged(documents, period)
    return Report(
        f"{figures['viewer']['tenant']['name']}：社会工作服务报告",
        f"报告期：{period}",
        documents.printed_for(figures["viewer"]["name"]),
        [_UNITS, *_withheld(money)],
        [
            _contracts(agreements),
            figures_section("各机构服务", "机构", figures["byAgency"], figures["total"]),
            figures_section("逐月服务", "月份", figures["byMonth"], is_charted=True),
            *(money_sections(money) if money is not None else ()),
            *([grades_section(judged)] if judged else ()),
        ],
    )


async def _judged(documents: Documents, period: Period) -> list[Mapping[str, Any]]:
    """The scorecards that share days with a period; none where the member may not see them."""
    shared = {
        "validFrom": {"lt": period.end.isoformat()},
        "validUntil": {"gt": period.first.isoformat()},
    }
    return await _all(documents.allowed, "GradesOverview", "scorecards", where=shared)


def _contracts(agreements: Sequence[Mapping[str, Any]]) -> Section:
    columns = [
        Column("编号", Kind.TEXT),
        Column("机构", Kind.TEXT),
        Column("自", Kind.TEXT),
        Column("至（不含）", Kind.TEXT),
        Column("金额（元）", Kind.MONEY),
    ]
    rows = [
        [
            each["number"],
            each["agency"]["name"],
            each["validFrom"],
            each["validUntil"],
            parse_money(each["amount"]),
        ]
        for each in agreements
    ]
    return Section("服务合同", columns, rows)


async def agreement_report(
    documents: Documents, agreement: Mapping[str, Any], period: Period
) -> Report:
    """The report on one of the agreements of `read_agreements`."""
    variables = {
        "agencies": [agreement["agency"]["id"]],
        "projects": [each["id"] for each in agreement["projects"]["nodes"]],
        **_days(period),
    }
    found = await documents.read("AgreementReport", id=agreement["id"], **variables)
    money = await documents.allowed("AgreementMoneyReport", **variables)
    own = {"agreement": {"id": {"eq": agreement["id"]}}}
    judged = await documents.allowed("Scorecards", where=own)
    cards = judged["scorecards"]["nodes"] if judged is not None else []
    projects = found["node"]["projects"]["nodes"]
    places = "、".join(each["area"]["name"] for each in found["node"]["sites"])
    return Report(
        f"服务合同报告：{agreement['number']}",
        f"{agreement['agency']['name']}　报告期：{period}",
        documents.printed_for(found["viewer"]["name"]),
        [f"服务内容：{agreement['scope']}", f"服务地点：{places}", _UNITS, *_withheld(money)],
        [
            _planned(projects, found["total"], period),
            figures_section("各项目服务", "项目", found["byProject"]),
            figures_section("逐月服务", "月份", found["byMonth"], is_charted=True),
            *(money_sections(money) if money is not None else ()),
            *(section for card in cards for section in scorecard_sections(card)),
        ],
    )


def agreement_period(agreement: Mapping[str, Any]) -> Period:
    """An agreement's own days."""
    first, end = (date.fromisoformat(agreement[name]) for name in ("validFrom", "validUntil"))
    return Period(first, end)


def figures_section(
    heading: str,
    by: str,
    table: Mapping[str, Any],
    total: Mapping[str, Any] | None = None,
    *,
    is_charted: bool = False,
) -> Section:
    """A table of figures as `metrics` gives them, with a row for all of them where one is given."""
    rows = [[row["keys"][0]["label"] or "（未分类）", *_values(row)] for row in table["rows"]]
    if total is not None:
        rows += [["合计", *_values(row)] for row in total["rows"]]
    measures = [value["measure"] for value in table["rows"][0]["values"]] if table["rows"] else []
    columns = [Column(by, Kind.TEXT), *(Column(LABELS.get(name, name)) for name in measures)]
    person_times = [
        place for place, name in enumerate(measures, start=1) if name != "GROUP_ACTIVITIES"
    ]
    chart = Bars(f"{heading}（人次）", person_times, "人次", len(table["rows"]))
    charts = [chart] if is_charted else []
    return Section(heading, columns, rows, charts=charts)


def _planned(
    projects: Sequence[Mapping[str, Any]], total: Mapping[str, Any], period: Period
) -> Section:
    """What the projects planned within the period beside what came of it."""
    planned: dict[str, int] = {}
    for plan in (each for project in projects for each in project["plan"]):
        begins, ends = (date.fromisoformat(plan[name]) for name in ("validFrom", "validUntil"))
        if period.first <= begins and ends <= period.end:
            planned[plan["measure"]] = planned.get(plan["measure"], 0) + plan["quantity"]
    done = {value["measure"]: value["value"] for row in total["rows"] for value in row["values"]}
    rows: list[list[Cell]] = []
    for measure, quantity in planned.items():
        actual = done.get(measure)
        share = None if actual is None or not quantity else actual / quantity
        rows.append([LABELS.get(measure, measure), quantity, actual, share])
    return Section(
        "计划与完成",
        [Column("指标", Kind.TEXT), Column("计划"), Column("完成"), Column("完成率", Kind.SHARE)],
        rows,
        remarks=["计划只计入完全落在报告期内的实施阶段。"],
    )


def _withheld(money: object) -> list[str]:
    return [] if money is not None else ["资金部分未列出：读取者的角色无权查看。"]


def _values(row: Mapping[str, Any]) -> list[Cell]:
    return [value["value"] for value in row["values"]]


def _days(period: Period) -> dict[str, str]:
    return {"from": period.first.isoformat(), "until": period.end.isoformat()}


async def reports(
    documents: Documents, period: Period | None, numbers: Sequence[str]
) -> AsyncGenerator[tuple[str, Report]]:
    """Each report with a name for its files: the city's, then one for each agreement.

    Without a period it is the agreements' own, from the first day of the first to the last day of
    the last. `numbers` chooses agreements, and then there is no report on the city. Raises
    `OperatorError` for a number that no agreement has.
    """
    agreements = await read_agreements(documents)
    if not agreements:
        raise OperatorError("There is no agreement to report on.")
    known = {each["number"]: each for each in agreements}
    for number in numbers:
        if number not in known:
            message = f"There is no agreement {number}. There are {', '.join(known)}."
            raise OperatorError(message)
    if not numbers:
        own = [agreement_period(each) for each in agreements]
        whole = Period(min(each.first for each in own), max(each.end for each in own))
        yield "city", await city_report(documents, agreements, period or whole)
    for number in numbers or known:
        agreement = known[number]
        found = await agreement_report(documents, agreement, period or agreement_period(agreement))
        yield _FILE_NAME.sub("-", number).strip("-"), found
