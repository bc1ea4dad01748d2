"""The closed sets of words about what is promised, and what work is judged to be."""

from __future__ import annotations

from citywide.rules.words import Words, auto


class OutputMeasure(Words):
    """What an implementation plan can promise: a figure computed from records."""

    BENEFICIARIES_ON_FILE = auto(), "Beneficiaries on file", "建档人数"
    SOCIAL_WORKER_TURNOUTS = auto(), "Social worker turnouts", "社工服务人次"
    VOLUNTEER_TURNOUTS = auto(), "Volunteer turnouts", "志愿者服务人次"
    CASE_COUNSELLING = auto(), "Case counselling", "个案辅导人次"
    GROUP_ACTIVITIES = auto(), "Group activities", "小组活动次数"
    HOME_HELP = auto(), "Help at home", "上门帮扶人次"


class LeavingReason(Words):
    """Why a person takes part in a project no longer."""

    COMPLETED = auto(), "What was planned is done", "服务完成"
    OTHER_PROJECT = auto(), "Takes part in another project", "转入其他项目"
    MOVED = auto(), "Moved away", "迁出"
    DIED = auto(), "Died", "去世"
    DECLINED = auto(), "Wants no more help", "拒绝服务"


class Grade(Words):
    """EXCELLENT (优) from 90, GOOD (良) from 80, PASS (中) from 60, else FAIL (差)."""

    # The best first.
    EXCELLENT = auto(), "Excellent", "优"
    GOOD = auto(), "Good", "良"
    PASS = auto(), "Pass", "中"
    FAIL = auto(), "Fail", "差"

    def reaches(self, least: Grade) -> bool:
        """Whether it is this one or a better one."""
        grades = [*Grade]
        return grades.index(self) <= grades.index(least)
