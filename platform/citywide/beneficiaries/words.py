"""The closed sets of words about persons and their files."""

from citywide.rules.words import Words, auto


class Gender(Words):
    """The gender in the person's ID number."""

    # GB/T 2261.1.
    MALE = auto(), "Male", "男性"
    FEMALE = auto(), "Female", "女性"


class ClosingReason(Words):
    """Why a file was closed; MERGED: it is continued in another file."""

    MOVED = auto(), "Moved away", "迁出"
    DIED = auto(), "Died", "去世"
    DECLINED = auto(), "Wants no more help", "拒绝服务"
    MERGED = auto(), "Continued in another file", "并入其他档案"


class FileStage(Words):
    """Whether a file is kept."""

    OPEN = auto(), "Open", "在册"
    CLOSED = auto(), "Closed", "已结束"
    MERGED = auto(), "Merged into another", "已并入其他档案"


class ConsentPurpose(Words):
    """What a person consented to."""

    SERVICE = auto(), "Being served", "接受服务"
    PHOTOGRAPH = auto(), "Being photographed", "拍照"
    SHARING = auto(), "Sharing of information", "信息共享"


class LikenessBasis(Words):
    """What two files have in common; the rest is a slip of the pen away."""

    NAME_AND_BIRTH = auto(), "Name and date of birth", "姓名和出生日期"
    NAME = auto(), "Name", "姓名"
    BIRTH = auto(), "Date of birth", "出生日期"
