"""How a finding is explained, in Chinese and in English: figures and dates in one sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from citywide.budgets.words import BudgetCategory, TrancheStatus
from citywide.graph.scalars import print_money
from citywide.oversight.graph import CATEGORY_LABELS
from citywide.oversight.words import FindingKind


@dataclass(frozen=True, slots=True)
class Explanation:
    """A sentence in both languages."""

    zh: str
    en: str


def explained(kind: FindingKind, **facts: Any) -> Explanation:
    """The explanation of a finding from its facts; amounts are in fen (`…_fen`)."""
    shown = {
        name.removesuffix("_fen"): print_money(value) if name.endswith("_fen") else value
        for name, value in facts.items()
    }
    if "category" in shown:
        shown["category_zh"] = CATEGORY_LABELS[shown["category"]]
        shown["category_en"] = BudgetCategory[shown["category"]].plain
    if "others" in shown:
        shown["others"] = "、".join(shown["others"])
    if "status" in shown:
        shown["status_zh"] = _WAITING_TRANCHE[shown["status"]]
        shown["status_en"] = TrancheStatus[shown["status"]].plain
    is_own = kind is FindingKind.APPROVED_BY_MAKER and not facts["override_fen"]
    sentence = _APPROVED_OWN if is_own else _SENTENCES[kind]
    return Explanation(sentence.zh.format(**shown), sentence.en.format(**shown))


_WAITING_TRANCHE: Mapping[str, str] = {
    TrancheStatus.PLANNED: "未验收",
    TrancheStatus.ACCEPTED: "已验收",
}
_APPROVED_OWN = Explanation(
    "凭证{number}({amount}元)由录入人或承诺经办人本人审批。",
    "Voucher {number} over {amount} yuan was approved by who entered it or made its commitment.",
)
_SENTENCES: Mapping[FindingKind, Explanation] = {
    FindingKind.SPENDING_WITHOUT_SERVICES: Explanation(
        "{month}“{category_zh}”支出{count}笔共{amount}元，当月及上月没有相应的服务记录。",
        "In {month} {amount} yuan were spent on {category_en} ({count} vouchers), and neither that "
        "month nor the one before has a service that such money pays for.",
    ),
    FindingKind.OUTSIDE_AGREEMENT: Explanation(
        "凭证{number}({amount}元)日期为{day}，不在协议期内({first}起，{end}前)。",
        "Voucher {number} over {amount} yuan is of {day}, outside of the agreement, which runs "
        "from {first} to before {end}.",
    ),
    FindingKind.LIKELY_DUPLICATE: Explanation(
        "凭证{number}({amount}元)与{others}收款人、金额相同且日期相近，可能重复报销。",
        "Voucher {number} over {amount} yuan has the payee and the amount of {others}, a few days "
        "apart: it may be the same again.",
    ),
    FindingKind.UNIT_COST_FAR_OUT: Explanation(
        "{month}每人次成本{cost}元(支出{amount}元，{quantity}人次)，各项目各月中位数为{median}元，"
        "稳健z值{score:.1f}。",
        "In {month} a person-time cost {cost} yuan ({amount} yuan, {quantity} person-times); the "
        "median of all projects and months is {median}. The modified z-score is {score:.1f}.",
    ),
    FindingKind.APPROVED_BY_MAKER: Explanation(
        "承诺{number}({amount}元)超出科目{override}元，由经办人本人批准，理由：{reason}；"
        "其下本人审批的凭证{approved}笔。",
        "Commitment {number} over {amount} yuan exceeds its line by {override}, and who made it "
        "allowed it: {reason}. They approved {approved} vouchers on it as well.",
    ),
    FindingKind.TRANCHE_OVERDUE: Explanation(
        "第{number}批拨款{amount}元应于{due_on}拨付，{status_zh}，已逾期{days}天。",
        "Tranche {number} of {amount} yuan was due on {due_on}; it is {status_en}, {days} days "
        "late.",
    ),
    FindingKind.MONEY_RUNS_OUT: Explanation(
        "“{category_zh}”余{left}元，按近三个月速度约在{day}用完，早于{end}；到期共缺{amount}元。",
        "{left} yuan are left for {category_en}; at the pace of the last three months they last "
        "until {day}, and {amount} are missing by the end on {end}.",
    ),
}
