"""The closed sets of words about services and groups."""

from citywide.rules.words import Words, auto


class ServiceKind(Words):
    """What kind of service was delivered."""

    VISIT = auto(), "Visit", "走访"
    HOME_HELP = auto(), "Help at home", "上门帮扶"
    CASE_SESSION = auto(), "Case session", "个案辅导"
    GROUP_SESSION = auto(), "Group session", "小组活动"


class Medium(Words):
    """How a service was delivered."""

    IN_PERSON = auto(), "In person", "当面"
    PHONE = auto(), "By telephone", "电话"
    ONLINE = auto(), "Online", "网络"


class QuantityUnit(Words):
    """What help at home is measured in."""

    HOURS = auto(), "Hours", "小时"
    TIMES = auto(), "Times", "次"
    ITEMS = auto(), "Items", "件"


class RecordStatus(Words):
    """Whether a record counts."""

    CURRENT = auto(), "Current: it counts in every figure", "有效"
    CANCELLED = auto(), "Cancelled: it did not take place; kept on file, in no figure", "已作废"


class RecordStage(Words):
    """What a row of records is: one with a status, or what one said before it was corrected."""

    CURRENT = auto(), "Current", "有效"
    SUPERSEDED = auto(), "Superseded", "已更正"
    CANCELLED = auto(), "Cancelled", "已作废"


class AttendanceRole(Words):
    """In what role a person took part in a service."""

    BENEFICIARY = auto(), "Beneficiary", "服务对象"
    WORKER = auto(), "Social worker", "社会工作者"
    VOLUNTEER = auto(), "Volunteer", "志愿者"


class GroupStageName(Words):
    """The stages of a group, in their order (MZ/T 095-2017)."""

    PREPARATION = auto(), "In preparation", "筹备"
    FORMATION = auto(), "Being formed", "形成"
    TRANSITION = auto(), "In transition", "转折"
    MATURITY = auto(), "Mature", "成熟"
    CLOSING = auto(), "Closing", "结束"


# In preparation nobody meets yet.
SESSION_STAGES = tuple(GroupStageName)[1:]
