"""How people are called: by their whole name, by a part of it, by the surname and a title."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from citywide.beneficiaries.folding import Signs, folded

# A single character is part of ordinary words.
SHORTEST_NAME = 2
# Letters of an alphabet: two of them are a word in any language.
SHORTEST_SPELT_NAME = 3
# A whole name of three characters is hardly ever a word, one of two, as 高兴, often is.
SHORTEST_UNMISTAKABLE_NAME = 3

_COMPOUND_SURNAMES = frozenset(
    {
        "欧阳", "太史", "端木", "上官", "司马", "东方", "独孤", "南宫", "万俟",
        "闻人", "夏侯", "诸葛", "尉迟", "公羊", "赫连", "澹台", "皇甫", "宗政",
        "濮阳", "公冶", "太叔", "申屠", "公孙", "慕容", "仲孙", "钟离", "长孙",
        "宇文", "司徒", "鲜于", "司空", "闾丘", "子车", "亓官", "司寇", "令狐",
        "呼延", "百里", "东郭", "南门", "西门", "轩辕",
    }
)  # fmt: skip
_ADDRESSED = re.compile("[老小阿]")
_TITLE = re.compile(
    "阿婆|阿公|阿姨|阿伯|阿叔|婆婆|公公|爷爷|奶奶|伯伯|叔叔|大爷|大妈|大娘|大伯|大叔|大嫂|大哥|大姐"
    "|老师|师傅|先生|女士|同志|老伯|老人家|老太|老兵|老爷子|医生|班长|排长|连长|营长|团长|战友"
    "|[爷奶婆伯叔婶嫂姨哥姐]|老(?![师人年龄家百城街路])"
)
# 老 and 小 before a character that is a surname as well, and yet words.
_WORDS = frozenset(
    {
        "小康", "小时", "小于", "小区", "小农", "小花", "小车", "小路", "小计",
        "小节", "小家", "小学", "小说", "小麦", "小米", "小雨", "小雪", "小白",
        "老师", "老家", "老房", "老路", "老龄", "老年", "老农", "老花", "老城",
        "老车", "老干", "老百", "老党", "老乡",
    }
)  # fmt: skip
# A festival is called as many of that generation are: 建军节, 国庆节.
_FESTIVAL = "节"
_APART = re.compile(r"[\W_]+")


def parts_of(name: str) -> Iterator[str]:
    """What somebody is called by beside the whole name, folded."""
    whole = folded(name)
    apart = [folded(part) for part in _APART.split(name)]
    if len(apart) > 1 and any(len(part) > 1 for part in apart):
        yield from (part for part in apart if part != whole and is_name(part))
    elif not whole.isascii():
        given = whole[len(surname_of(name)) :]
        if is_name(given):
            yield given


def surname_of(name: str) -> str:
    """The surname of a Chinese name."""
    whole = folded(name)
    return (
        whole[:2] if len(whole) > SHORTEST_NAME and whole[:2] in _COMPOUND_SURNAMES else whole[:1]
    )


def is_name(text: str) -> bool:
    """Whether it is long enough to be looked for."""
    return len(text) >= (SHORTEST_SPELT_NAME if text.isascii() else SHORTEST_NAME)


def is_festival(letters: Signs, end: int) -> bool:
    """Whether what ends there is the name of a festival."""
    return letters.text[end : end + 1] == _FESTIVAL


def mentions(letters: Signs, name: str) -> Iterator[tuple[int, int]]:
    """Every place where a folded name stands; one of an alphabet is a word of its own."""
    text = letters.text
    start = text.find(name)
    while start >= 0:
        end = start + len(name)
        if not (name.isascii() and (_goes_on(letters, start) or _goes_on(letters, end))):
            yield start, end
        start = text.find(name, start + 1)


def _goes_on(letters: Signs, place: int) -> bool:
    """Whether an alphabet's word goes on across a place: its letters stand side by side."""
    if not 0 < place < len(letters.text):
        return False
    pair = letters.text[place - 1 : place + 1]
    return (
        pair.isascii() and pair.isalpha() and letters.places[place] - letters.places[place - 1] <= 1
    )


def titled(letters: Signs) -> Iterator[tuple[str, int, int]]:
    """Whatever may be a surname beside a title, and from where to where both stand."""
    text = letters.text
    for found in _TITLE.finditer(text):
        start, end = found.span()
        for length in (2, 1):
            surname = text[max(start - length, 0) : start]
            if len(surname) == length and (length == 1 or surname in _COMPOUND_SURNAMES):
                yield surname, start - length, end
    for found in _ADDRESSED.finditer(text):
        surname = text[found.end() : found.end() + 1]
        if surname and found[0] + surname not in _WORDS:
            yield surname, found.start(), found.end() + 1


def surnames_in(letters: Iterable[Signs]) -> set[str]:
    """What may be surnames beside titles in texts."""
    return {surname for each in letters for surname, _, _ in titled(each)}
