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


class RevealingKind(Words):
    """What a text for others may give somebody away by; a sender can confirm some as harmless."""

    IDENTITY_NUMBER = auto(), "Identity number", "身份证号", "whoever's; always to be taken out."
    FULL_NAME = (
        auto(),
        "Full name",
        "姓名",
        "the person's own, or one of three characters and more on file; always to be taken out.",
    )
    KNOWN_NUMBER = (
        auto(),
        "Number on file",
        "档案中的号码",
        "a file number, or the person's telephone; always to be taken out.",
    )
    KNOWN_ADDRESS = auto(), "Address on file", "档案中的地址", "always to be taken out."
    NAME_OR_WORD = (
        auto(),
        "Name or word",
        "名或词",
        "a given name, a part of a name or a name of two characters, which may be a word as well.",
    )
    NAME_WITH_TITLE = (
        auto(),
        "Surname with a title",
        "姓氏称呼",
        "as 陈阿婆 or 老陈, of a surname on file; may be somebody else.",
    )
    LONG_NUMBER = (
        auto(),
        "Long number",
        "长号码",
        "as a telephone or an account has it; may be an office's.",
    )
    ADDRESS_PART = (
        auto(),
        "Part of an address",
        "地址片段",
        "a street, a door or a room; may be an office's, or a word.",
    )
    BIRTH_DATE = auto(), "Date of birth", "出生日期", "may be a day of something else."
    CONTACT = auto(), "Contact", "联系方式", "e-mail, WeChat or QQ; may be an office's."
