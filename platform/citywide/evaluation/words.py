"""The closed sets of words about what is counted, and how agreements are judged."""

from citywide.rules.words import Words, auto


class Aspect(Words):
    """What of the work an indicator is about; in a score they weigh 10, 50, 30 and 10."""

    EXECUTION = auto(), "Execution", "执行"
    OUTPUTS = auto(), "Outputs", "产出"
    EFFECTS = auto(), "Effects", "效果"
    SATISFACTION = auto(), "Satisfaction", "满意度"


class RaterKind(Words):
    """As what somebody rates."""

    THIRD_PARTY = auto(), "Third party", "第三方评估机构"
    TOWN_GOVERNMENT = auto(), "Town government", "乡镇政府、街道办事处"
    VILLAGE_COMMITTEE = auto(), "Village committee", "村（居）民委员会"
    BUREAU = auto(), "Bureau", "主管局"


class IndicatorDirection(Words):
    """Which way a figure is better."""

    HIGHER_IS_BETTER = auto(), "Higher is better", "越高越好"
    LOWER_IS_BETTER = auto(), "Lower is better", "越低越好"


class ScorecardStage(Words):
    """How far a scorecard is; a frozen one never changes."""

    OPEN = auto(), "Open", "已开表"
    SELF_EVALUATED = auto(), "Self-evaluated", "已自评"
    GRADED = auto(), "Graded", "已评级"
    FROZEN = auto(), "Frozen", "已定稿"


class Consequence(Words):
    """What follows: PRIORITY next year, RECTIFY by a day, BARRED from the next agreement, or NONE."""  # noqa: E501 -- the schema's sentence

    PRIORITY = auto(), "Priority", "优先承接"
    RECTIFY = auto(), "To be put right", "限期整改"
    BARRED = auto(), "Barred", "不得承接下一轮"
    NONE = auto(), "Nothing", "无"


class Measure(Words):
    """A figure computed from records; each has a unit of its own."""

    BENEFICIARIES_ON_FILE = (
        auto(),
        "Beneficiaries on file",
        "建档人数",
        "persons with an open file, today or on a day of the period.",
    )
    PERSONS_SERVED = (
        auto(),
        "Persons served",
        "服务人数",
        "persons who were served, each counted once.",
    )
    SOCIAL_WORKER_TURNOUTS = auto(), "Social workers turned out", "社工出勤人次"
    VOLUNTEER_TURNOUTS = auto(), "Volunteers turned out", "志愿者出勤人次"
    VOLUNTEER_MINUTES = auto(), "Certified time of volunteers, in minutes", "志愿服务认证分钟数"
    SERVICES = auto(), "Services delivered, of whatever kind", "服务次数"
    CASE_COUNSELLING = (
        auto(),
        "Case counselling",
        "个案辅导人次",
        "persons counselled in a case session, each time.",
    )
    GROUP_ACTIVITIES = auto(), "Group activities held", "小组活动次数"
    HOME_HELP = auto(), "Help at home", "上门帮扶人次", "persons helped at home, each time."
    NEEDS_RAISED = auto(), "Questions and requests raised", "诉求受理件数"
    NEEDS_ANSWERED = (
        auto(),
        "Needs answered",
        "诉求答复件数",
        "of those raised in the period, the ones that were answered.",
    )
    NEEDS_ANSWERED_ON_TIME = (
        auto(),
        "Needs answered on time",
        "诉求按期答复率",
        "of those raised in the period and answered, how many by the day due.",
    )
    DAYS_TO_ANSWER = (
        auto(),
        "Days to answer",
        "平均答复天数",
        "from raising to answer in the mean, of those raised in the period.",
    )
    SATISFACTION = (
        auto(),
        "Satisfaction",
        "满意度",
        "what persons gave an answer they got, 1 to 5 in the mean.",
    )
    ASSESSMENTS = auto(), "Approved needs assessments", "需求评估次数"
    SCORE_CHANGE = (
        auto(),
        "Change of score",
        "需求分值变化",
        (
            "how far the need of a person changed from the first to the last assessment, in the "
            "mean; what each assessment of the period changed is added up. Less is less need."
        ),
    )
    CASES_OPENED = auto(), "Cases opened", "开案数"
    CASES_CLOSED = auto(), "Cases closed", "结案数"
    MONEY_COMMITTED = (
        auto(),
        "Money committed",
        "承诺金额",
        "promised in the period, spent or not, in fen.",
    )
    MONEY_SPENT = (
        auto(),
        "Money spent",
        "支出金额",
        "owed on approved vouchers of the period, in fen.",
    )


class Dimension(Words):
    """What figures can be split by."""

    AGENCY = auto(), "Agency", "机构"
    PROJECT = auto(), "Project", "项目"
    AREA = auto(), "Community", "村、社区"
    SEGMENT = auto(), "Service type", "服务类型"
    KIND = auto(), "Kind of service", "服务形式"
    DEPARTMENT = auto(), "Department", "部门"
    MONTH = auto(), "Month", "月"
    QUARTER = auto(), "Quarter", "季度"
    YEAR = auto(), "Year", "年"


# What of it is a person's own: where they live, and what is judged of them. The others follow from
# whose work it was, and when.
PERSONAL = frozenset({Dimension.AREA, Dimension.SEGMENT})


class Unit(Words):
    """What a figure counts; different units are never added together."""

    PERSONS = auto(), "Persons", "人"
    PERSON_TIMES = auto(), "Person-times", "人次"
    OCCURRENCES = auto(), "Occurrences", "次"
    DAYS = auto(), "Days", "天"
    POINTS = auto(), "Points", "分"
    SHARE = auto(), "Share", "比率"
    MINUTES = auto(), "Minutes", "分钟"
    FEN = auto(), "Fen", "分（人民币）"
