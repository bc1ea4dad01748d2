"""The closed sets of words about casework (MZ/T 094-2017)."""

from citywide.rules.words import Words, auto


class CaseStage(Words):
    """The stages of a case: 接案, 预估, 计划, 介入, 评估, 结案 (MZ/T 094-2017)."""

    INTAKE = auto(), "Intake", "接案"
    ASSESSMENT = auto(), "Assessment", "预估"
    PLANNING = auto(), "Planning", "计划"
    INTERVENTION = auto(), "Intervention", "介入"
    EVALUATION = auto(), "Evaluation", "评估"
    CLOSURE = auto(), "Closure", "结案"


class CaseApproval(Words):
    """What of a case waits for approval."""

    PLAN = auto(), "Plan", "服务计划"
    CLOSURE = auto(), "Closure", "结案申请"


class CaseState(Words):
    """Where a case stands: its stage, what waits for approval, and whether it is closed."""

    INTAKE = auto(), "In intake", "接案中"
    ASSESSMENT = auto(), "In assessment", "预估中"
    PLANNING = auto(), "In planning", "计划中"
    PLAN_SUBMITTED = auto(), "Waiting for approval of its plan", "计划待批"
    INTERVENTION = auto(), "In intervention", "介入中"
    EVALUATION = auto(), "In evaluation", "评估中"
    CLOSURE_PROPOSED = auto(), "Waiting for approval of its closure", "结案待批"
    CLOSED = auto(), "Closed", "已结案"


class CaseStepKind(Words):
    """A step in a case's history."""

    OPEN = auto(), "Opened", "开案"
    COMPLETE_INTAKE = auto(), "Intake completed", "完成接案"
    COMPLETE_ASSESSMENT = auto(), "Assessment completed", "完成预估"
    SUBMIT_PLAN = auto(), "Plan submitted", "提交计划"
    APPROVE_PLAN = auto(), "Plan approved", "批准计划"
    RETURN_PLAN = auto(), "Plan returned", "退回计划"
    REVISE_PLAN = auto(), "Plan revised", "修订计划"
    BEGIN_EVALUATION = auto(), "Evaluation begun", "开始评估"
    PROPOSE_CLOSURE = auto(), "Closure proposed", "申请结案"
    APPROVE_CLOSURE = auto(), "Closure approved", "批准结案"
    RETURN_CLOSURE = auto(), "Closure returned", "退回结案"
    REOPEN = auto(), "Reopened", "重新开案"
    ASSIGN = auto(), "Handed over", "转交"


class CaseOutcome(Words):
    """How a case ends."""

    GOALS_ATTAINED = auto(), "Goals attained", "目标达成"
    REFERRED = auto(), "Referred", "转介"
    DECLINED = auto(), "Declined", "服务对象拒绝"
    MOVED = auto(), "Moved away", "迁出"
    DIED = auto(), "Died", "去世"
    OTHER = auto(), "Other", "其他"


class RiskLevel(Words):
    """How much is at stake for the person."""

    LOW = auto(), "Low", "低"
    MEDIUM = auto(), "Medium", "中"
    HIGH = auto(), "High", "高"


class GoalState(Words):
    """Whether a goal is still wanted."""

    STANDING = auto(), "Standing", "进行中"
    DROPPED = auto(), "Given up", "已放弃"


class ActionState(Words):
    """What became of an action."""

    OPEN = auto(), "Open", "待办"
    DONE = auto(), "Done", "已完成"
    DROPPED = auto(), "Given up", "已放弃"


class PairingRole(Words):
    """As what somebody helps in a case."""

    WORKER = auto(), "Social worker", "社会工作者"
    LAWYER = auto(), "Lawyer", "律师"
    PSYCHOLOGIST = auto(), "Psychologist", "心理咨询师"
    VOLUNTEER = auto(), "Volunteer", "志愿者"
    OTHER = auto(), "Other", "其他"


class PairingState(Words):
    """Whether somebody still helps."""

    RUNNING = auto(), "Running", "结对中"
    ENDED = auto(), "Ended", "已结束"
