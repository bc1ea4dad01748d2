"""The closed sets of words about needs."""

from citywide.rules.words import Words, auto


class NeedStatus(Words):
    """Where a need stands."""

    RAISED = auto(), "Raised", "已提出"
    REFERRED = auto(), "Referred", "已转办"
    RETURNED = auto(), "Returned", "已退回补充"
    ANSWERED = auto(), "Answered", "已答复"
    PRINTED = auto(), "Printed", "已打印"
    DELIVERED = auto(), "Delivered", "已送达"
    RATED = auto(), "Rated", "已评价"
    CLOSED = auto(), "Closed", "已办结"
    WITHDRAWN = auto(), "Withdrawn", "已撤回"


class NeedChannel(Words):
    """How a question was put."""

    VISIT = auto(), "At a visit", "走访"
    PHONE = auto(), "By telephone", "电话"
    OFFICE = auto(), "At the agency", "来访"
