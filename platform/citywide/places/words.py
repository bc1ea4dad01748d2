"""The closed set of words about places."""

from citywide.rules.words import Words, auto


class AreaLevel(Words):
    """A level of the area tree."""

    CITY = auto(), "City", "市"
    TOWN = auto(), "Town", "乡镇、街道"
    COMMUNITY = auto(), "Community", "村、社区"
