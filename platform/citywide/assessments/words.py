"""The closed sets of words about assessments."""

from citywide.rules.words import Words, auto


class NeedBand(Words):
    """How much help an assessment calls for."""

    LOW = auto(), "Low", "低"
    MEDIUM = auto(), "Medium", "中"
    HIGH = auto(), "High", "高"


class AssessmentStatus(Words):
    """How far an assessment has come."""

    DRAFT = auto(), "Draft", "草稿"
    SUBMITTED = auto(), "Submitted", "已提交"
    RETURNED = auto(), "Returned", "已退回"
    APPROVED = auto(), "Approved", "已批准"


class AssessmentSource(Words):
    """Where a score comes from: ANSWERS on record, or a PAPER form added up by hand."""

    ANSWERS = auto(), "Answers on record", "在线答题"
    PAPER = auto(), "Form on paper", "纸质评估表"
