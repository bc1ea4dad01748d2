"""The sections about how agreements were judged: lines, raters, grade and what followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from citywide.reports.content import Cell, Column, Kind, Section

ASPECTS: Mapping[str, str] = {
    "EXECUTION": "执行情况",
    "OUTPUTS": "服务产出",
    "EFFECTS": "服务成效",
    "SATISFACTION": "满意度",
}
STAGES: Mapping[str, str] = {
    "OPEN": "已启动",
    "SELF_EVALUATED": "已自评",
    "GRADED": "已评级",
    "FROZEN": "已定稿",
}
GRADES: Mapping[str, str] = {"EXCELLENT": "优秀", "GOOD": "良好", "PASS": "合格", "FAIL": "不合格"}
CONSEQUENCES: Mapping[str, str] = {
    "NONE": "无",
    "PRIORITY": "优先续约",
    "RECTIFY": "限期整改",
    "BARRED": "取消承接资格",
}
RATERS: Mapping[str, str] = {
    "THIRD_PARTY": "第三方",
    "TOWN_GOVERNMENT": "乡镇街道",
    "VILLAGE_COMMITTEE": "村居",
    "BUREAU": "主管局",
}
_COLUMNS = (
    Column("指标", Kind.TEXT),
    Column("方面", Kind.TEXT),
    Column("权重"),
    Column("基线"),
    Column("目标"),
    Column("定稿值"),
    Column("现值"),
    Column("差异"),
    Column("得分", Kind.POINTS),
    Column("评分极差"),
)
_RATING_COLUMNS = (
    Column("指标", Kind.TEXT),
    Column("评分方", Kind.TEXT),
    Column("评分人", Kind.TEXT),
    Column("分数"),
    Column("权重"),
    Column("意见", Kind.TEXT, is_wide=True),
)
_GRADE_COLUMNS = (
    Column("编号", Kind.TEXT),
    Column("机构", Kind.TEXT),
    Column("自", Kind.TEXT),
    Column("至（不含）", Kind.TEXT),
    Column("状态", Kind.TEXT),
    Column("总分", Kind.POINTS),
    Column("等级", Kind.TEXT),
    Column("处理", Kind.TEXT),
    Column("整改期限", Kind.TEXT),
)


def scorecard_sections(card: Mapping[str, Any]) -> list[Section]:
    """One scorecard: what was kept of each line beside what the records say now; who gave what."""
    period = _period(card)
    lines = sorted(card["figures"], key=lambda line: [*ASPECTS].index(line["aspect"]))
    figures: list[list[Cell]] = [
        [
            line["name"],
            ASPECTS[line["aspect"]],
            line["weight"],
            *(_part(line[name], 1000) for name in _IN_THOUSANDTHS),
            _part(line["pointsHundredths"], 100),
            line["spread"],
        ]
        for line in lines
    ]
    found = [Section(f"绩效评价 {period}", _COLUMNS, figures, remarks=_outcome(card))]
    ratings: list[list[Cell]] = [
        [
            line["name"],
            RATERS[each["raterKind"]],
            each["rater"],
            each["points"],
            each["weight"],
            each["reason"],
        ]
        for line in lines
        for each in line["ratings"]
    ]
    if ratings:
        found.append(Section(f"评分明细 {period}", _RATING_COLUMNS, ratings))
    return found


def grades_section(cards: Sequence[Mapping[str, Any]]) -> Section:
    """What the agreements of a city were judged to be, card by card."""
    rows: list[list[Cell]] = [
        [
            card["agreement"]["number"],
            card["agency"]["name"],
            card["validFrom"],
            card["validUntil"],
            STAGES[card["stage"]],
            _part(card["scoreHundredths"], 100),
            GRADES.get(card["grade"]),
            CONSEQUENCES.get(card["consequence"]),
            card["rectifyBy"],
        ]
        for card in cards
    ]
    return Section("绩效评价", _GRADE_COLUMNS, rows)


def _period(card: Mapping[str, Any]) -> str:
    return f"{card['validFrom']} 至 {card['validUntil']}（不含）"


_IN_THOUSANDTHS = (
    *("baselineThousandths", "targetThousandths"),
    *("frozen", "current", "difference"),
)


def _part(figure: int | None, of: int) -> Cell:
    return None if figure is None else figure / of


def _outcome(card: Mapping[str, Any]) -> list[str]:
    parts = [STAGES[card["stage"]]]
    if card["scoreHundredths"] is not None:
        parts.append(f"总分 {card['scoreHundredths'] / 100:.2f}")
    if card["grade"] is not None:
        parts.append(f"等级：{GRADES[card['grade']]}")
    if card["consequence"] is not None:
        until = f"，{card['rectifyBy']} 前完成" if card["rectifyBy"] else ""
        parts.append(f"处理：{CONSEQUENCES[card['consequence']]}{until}")
    told = {
        "处理理由": card["consequenceReason"],
        "机构自评": card["selfEvaluation"],
        "自评依据": card["selfEvidence"],
    }
    return [
        f"{'；'.join(parts)}。",
        *(f"{what}：{text}" for what, text in told.items() if text),
        "现值按当前记录重算，与定稿值之差即事后变动。",
    ]
