"""The closed sets of words about supervision, salons and the library of cases."""

from citywide.rules.words import Words, auto


class AdviceStatus(Words):
    """What became of advice."""

    OPEN = auto(), "Open", "待答复"
    TAKEN_UP = auto(), "Taken up", "已采纳"
    DECLINED = auto(), "Declined", "未采纳"


class SalonStatus(Words):
    """What became of a salon."""

    PLANNED = auto(), "Planned", "计划中"
    HELD = auto(), "Held", "已举行"
    CANCELLED = auto(), "Cancelled", "已取消"


class HostReason(Words):
    """What decided whose turn it is."""

    NEVER_HOSTED = auto(), "Never hosted", "从未主持"
    LONGEST_AGO = auto(), "Hosted longest ago", "距上次主持最久"
    FEWEST_TIMES = auto(), "Hosted fewest times", "主持次数最少"
    ROLL_ORDER = auto(), "Order of the roll", "名册顺序"


class LibraryStatus(Words):
    """How far a text for the library is."""

    DRAFT = auto(), "Draft", "草稿"
    SUBMITTED = auto(), "Submitted", "待审阅"
    REVIEWED = auto(), "Reviewed", "已审阅"


class EntryState(Words):
    """Where an entry of the library can be read."""

    SHELVED = auto(), "Shelved", "本机构可读"
    PUBLISHED = auto(), "Published", "全市可读"
    WITHDRAWN = auto(), "Withdrawn", "已下架"
