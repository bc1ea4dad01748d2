"""The sections about how an agreement was judged: a scorecard with its lines, grade and outcome."""

from __future__ import annotations

from collections.abc import Mapping
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
_COLUMNS = (
    Column("指标", Kind.TEXT),
    Column("方面", Kind.TEXT),
    Column("权重"),
    Column("基线"),
    Column("目标"),
    Column("定稿值"),
    Column("现值"),
    Column("差异"),
    Column("得分"),
    Column("评分极差"),
)


def scorecard_section(card: Mapping[str, Any]) -> Section:
    """One scorecard: what was kept of each line beside what the records say now."""
    rows = [
        [
            line["name"],
            ASPECTS.get(line["aspect"], line["aspect"]),
            line["weight"],
            *(_part(line[name], 1000) for name in _IN_THOUSANDTHS),
            _part(line["pointsHundredths"], 100),
            line["spread"],
        ]
        for line in card["figures"]
    ]
    return Section(
        f"绩效评价 {card['validFrom']} 至 {card['validUntil']}（不含）",
        _COLUMNS,
        rows,
        remark=_outcome(card),
    )


_IN_THOUSANDTHS = (
    *("baselineThousandths", "targetThousandths"),
    *("frozen", "current", "difference"),
)


def _part(figure: int | None, of: int) -> Cell:
    return None if figure is None else figure / of


def _outcome(card: Mapping[str, Any]) -> str:
    parts = [STAGES.get(card["stage"], card["stage"])]
    if card["scoreHundredths"] is not None:
        parts.append(f"总分 {card['scoreHundredths'] / 100:.2f}")
    if card["grade"] is not None:
        parts.append(f"等级：{GRADES.get(card['grade'], card['grade'])}")
    if card["consequence"] is not None:
        outcome = f"处理：{CONSEQUENCES.get(card['consequence'], card['consequence'])}"
        until = f"，{card['rectifyBy']} 前完成" if card["rectifyBy"] else ""
        parts.append(f"{outcome}{until}（{card['consequenceReason']}）")
    if card["selfEvaluation"]:
        parts.append(f"机构自评：{card['selfEvaluation']}")
    return "；".join(parts) + "。现值按当前记录重算，与定稿值之差即事后变动。"
