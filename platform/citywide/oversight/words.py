"""The closed sets of words about what the money did, and what somebody should look at."""

from citywide.rules.words import Words, auto


class FindingKind(Words):
    """What there is to look at."""

    SPENDING_WITHOUT_SERVICES = (
        auto(),
        "Spending without services",
        "有支出无服务",
        "without a service that it pays for, then or the month before.",
    )
    OUTSIDE_AGREEMENT = (
        auto(),
        "Outside of the agreement",
        "协议期外支出",
        "a voucher of a day without the agreement.",
    )
    LIKELY_DUPLICATE = (
        auto(),
        "Likely duplicate",
        "疑似重复报销",
        "same payee and amount, at most ten days apart.",
    )
    UNIT_COST_FAR_OUT = (
        auto(),
        "Unit cost far out",
        "单位成本异常",
        (
            "the cost of a person-time in a month, by its modified z-score (Iglewicz and Hoaglin "
            "1993) above 3.5."
        ),
    )
    APPROVED_BY_MAKER = (
        auto(),
        "Approved by its maker",
        "自办自批",
        "an override, or a voucher, that its maker allowed.",
    )
    TRANCHE_OVERDUE = (
        auto(),
        "Tranche overdue",
        "拨付逾期",
        "a tranche that was due and is not handed over.",
    )
    MONEY_RUNS_OUT = (
        auto(),
        "Money runs out",
        "资金将提前用完",
        "a line that will not last until its project ends.",
    )


class FindingStatus(Words):
    """How far a finding is."""

    OPEN = auto(), "Open", "待说明", "waits for the agency."
    ANSWERED = auto(), "Answered", "已说明", "waits for the bureau."
    CLOSED = auto(), "Closed", "已办结", "closed with a reason."
    SETTLED = auto(), "Settled", "已消除", "the last look found it no longer."


class SpendingDimension(Words):
    """What spending can be split by."""

    FUND = (
        auto(),
        "Fund",
        "资金",
        "an agreement's money is split as its fundings are, each figure rounded to the fen.",
    )
    AGENCY = auto(), "Agency", "机构", "the agency that spends."
    PROJECT = auto(), "Project", "项目", "the project it is spent for."
    LINE = auto(), "Budget line", "预算明细", "one line of one project's budget."
    CATEGORY = auto(), "Category", "科目", "what lines pay for."
    MONTH = auto(), "Month", "月份", "the calendar month, as 2015-03."


class CostUnit(Words):
    """What money is divided by."""

    PERSON = auto(), "Person", "人", "persons served, each once."
    PERSON_TIME = auto(), "Person-time", "人次", "attendances of persons served, at any service."
    SERVICE = auto(), "Service", "服务次数", "services of any kind."
    HOME_HELP = auto(), "Help at home", "上门帮扶人次", "person-times helped at home."
    CASE_COUNSELLING = auto(), "Case counselling", "个案辅导人次", "person-times counselled."
    GROUP_ACTIVITY = auto(), "Group activity", "小组活动次数", "group activities held."


class CostDimension(Words):
    """What unit costs can be split by."""

    AGENCY = auto(), "Agency", "机构", "the agency that serves."
    PROJECT = auto(), "Project", "项目", "the project it serves in."
    CATEGORY = (
        auto(),
        "Category",
        "科目",
        "what was spent of such lines, over all that was delivered.",
    )
