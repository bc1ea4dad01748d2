"""The closed sets of words about festival campaigns."""

from citywide.rules.words import Words, auto


class CampaignStatus(Words):
    """Whether a campaign is under way."""

    OPEN = auto(), "Under way", "进行中"
    CLOSED = auto(), "Closed", "已结束"


class GapReason(Words):
    """Why a person due had no visit."""

    AWAY = auto(), "Not at home in those days", "外出"
    IN_HOSPITAL = auto(), "In hospital", "住院"
    DECLINED = auto(), "Did not want a visit", "谢绝"
    MOVED = auto(), "Has moved away", "迁出"
    DECEASED = auto(), "Has died", "去世"
    NOT_REACHED = auto(), "Was not reached", "未联系上"
    OTHER = auto(), "Another reason, said in words", "其他"


class CoverageDimension(Words):
    """What a campaign's coverage can be split by."""

    AREA = auto(), "The community where the person is served", "社区"
    WORKER = auto(), "The person's social worker", "社会工作者"
