"""The closed sets of words about money."""

from citywide.rules.words import Words, auto


class BudgetCategory(Words):
    """What a budget line pays for."""

    # The order is the one of a budget sheet.
    PERSONNEL = auto(), "Personnel", "人员费用"
    ACTIVITIES = auto(), "Activities", "活动费用"
    MATERIALS = auto(), "Materials", "物资费用"
    VOLUNTEER_SUBSIDIES = auto(), "Volunteer subsidies", "志愿者补贴"
    SUPERVISION = auto(), "Supervision", "督导费用"
    MANAGEMENT = auto(), "Management", "管理费用"


class BudgetStatus(Words):
    """How far a budget is."""

    DRAFT = auto(), "Draft", "编制中"
    SUBMITTED = auto(), "Submitted", "已提交"
    RETURNED = auto(), "Returned", "已退回"
    APPROVED = auto(), "Approved", "已批准"


class ChangeStatus(Words):
    """How far a budget change is."""

    REQUESTED = auto(), "Requested", "已申请"
    APPROVED = auto(), "Approved", "已批准"
    REFUSED = auto(), "Refused", "未批准"


class TrancheStatus(Words):
    """How far a tranche is."""

    PLANNED = auto(), "Planned", "计划中"
    ACCEPTED = auto(), "Accepted", "已验收"
    RELEASED = auto(), "Released", "已拨付"


class CommitmentStatus(Words):
    """Whether anything may still be spent on a commitment."""

    OPEN = auto(), "Open", "执行中"
    CLOSED = auto(), "Closed", "已关闭"


class ExpenseStatus(Words):
    """How far a voucher is."""

    SUBMITTED = auto(), "Submitted", "已提交"
    RETURNED = auto(), "Returned", "已退回"
    APPROVED = auto(), "Approved", "已批准"
    PAID = auto(), "Paid", "已支付"
    REVERSED = auto(), "Reversed", "已冲销"


class PeriodStatus(Words):
    """How far an accounting period is; approved is locked."""

    SUBMITTED = auto(), "Submitted", "已提交"
    RETURNED = auto(), "Returned", "已退回"
    APPROVED = auto(), "Approved", "已锁定"
