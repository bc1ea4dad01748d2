"""The closed sets of words about volunteers."""

from citywide.rules.words import Words, auto


class Weekday(Words):
    """A day of the week."""

    MONDAY = auto(), "Monday", "星期一"
    TUESDAY = auto(), "Tuesday", "星期二"
    WEDNESDAY = auto(), "Wednesday", "星期三"
    THURSDAY = auto(), "Thursday", "星期四"
    FRIDAY = auto(), "Friday", "星期五"
    SATURDAY = auto(), "Saturday", "星期六"
    SUNDAY = auto(), "Sunday", "星期日"


class PartOfDay(Words):
    """A part of the day."""

    MORNING = auto(), "Morning", "上午"
    AFTERNOON = auto(), "Afternoon", "下午"
    EVENING = auto(), "Evening", "晚上"


class RollStatus(Words):
    """Whether a volunteer still helps; the day on which they left says it."""

    ON_ROLL = auto(), "On the roll", "在册"
    OFF_ROLL = auto(), "Off the roll", "已退出"


class HoursStatus(Words):
    """What has become of recorded hours."""

    RECORDED = auto(), "Recorded", "已记录"
    CERTIFIED = auto(), "Certified", "已核证"
    REFUSED = auto(), "Refused", "未予核证"


class ProposalReasonKind(Words):
    """What a volunteer is proposed for."""

    SKILLS = auto(), "Skills", "专长相符"
    NEARNESS = auto(), "Nearness", "住处相近"
    AVAILABILITY = auto(), "Availability", "时间合适"
    REST = auto(), "Rest", "近期服务较少"
