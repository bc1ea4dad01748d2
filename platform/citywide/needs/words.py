"""The closed sets of words about needs."""

from citywide.rules.words import Words, auto


class NeedStatus(Words):
    """Where a need stands."""

    RAISED = auto(), "Raised", "已提出", "put on record, and with nobody yet."
    REFERRED = auto(), "Referred", "已转办", "with a department, to be answered by the due date."
    RETURNED = auto(), "Returned", "已退回补充", "the agency shall make something clear."
    ANSWERED = auto(), "Answered", "已答复", "and not yet on paper."
    PRINTED = auto(), "Printed", "已打印", "on paper, and not yet with the person."
    DELIVERED = auto(), "Delivered", "已送达", "the answer is with the person."
    RATED = auto(), "Rated", "已评价", "the person said how satisfied they are."
    CLOSED = auto(), "Closed", "已办结", "nothing more is to be done."
    WITHDRAWN = auto(), "Withdrawn", "已撤回", "the person no longer asks."


class NeedChannel(Words):
    """How a question was put."""

    VISIT = auto(), "At a visit", "走访"
    PHONE = auto(), "By telephone", "电话"
    OFFICE = auto(), "At the agency", "来访"
