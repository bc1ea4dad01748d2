"""What a text for others gives away, however it is disguised, and what it may say."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.beneficiaries.folding import folded
from citywide.beneficiaries.id_number import check_character
from citywide.beneficiaries.revealing import CONFIRMABLE, Known, findings
from citywide.beneficiaries.words import RevealingKind as Kind

SUBJECT = Known(
    name="陈小明",
    file_number="SQS-2014-001",
    phone="137-0000-1234",
    address="盐盆街道盐城社区范例巷45号3幢2单元501室",
    born_on=date(1960, 10, 31),
    is_subject=True,
)
OTHERS = [
    Known("买买提·吐尔逊", "SQS-2014-002"),
    Known("欧阳建业", "SQS-2014-003", address="盐城社区示例东路70号"),
    Known("Li Lei", "SQS-2014-004"),
    Known("高兴", "7", may_be_told=False),
    Known("阿", "SQS-2014-006"),
]
KNOWN = [SUBJECT, *OTHERS]
LONGEST_TEXT = 6_000


def kinds(text: str) -> set[Kind]:
    return {each.kind for each in findings(text, KNOWN)}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("陈小明起初不愿开门。", Kind.FULL_NAME),
        ("陈 小 明来电", Kind.FULL_NAME),
        ("陈·小•明", Kind.FULL_NAME),
        ("陈・小．明.", Kind.FULL_NAME),
        ("陈\u3000小\u3000明", Kind.FULL_NAME),
        ("陈\u200b小\ufeff明", Kind.FULL_NAME),
        ("陈⼩明", Kind.FULL_NAME),
        ("买买提吐尔逊", Kind.FULL_NAME),
        ("买买提•吐尔逊", Kind.FULL_NAME),
        ("买买提．吐尔逊", Kind.FULL_NAME),
        ("和 ＬＩ　LEI 一起", Kind.FULL_NAME),
        ("买买提来了", Kind.NAME_OR_WORD),
        ("小明说", Kind.NAME_OR_WORD),
        ("建业说", Kind.NAME_OR_WORD),
        ("他很高兴", Kind.NAME_OR_WORD),
        ("陈阿婆", Kind.NAME_WITH_TITLE),
        ("陈老师", Kind.NAME_WITH_TITLE),
        ("陈 师 傅", Kind.NAME_WITH_TITLE),
        ("老陈", Kind.NAME_WITH_TITLE),
        ("小陈", Kind.NAME_WITH_TITLE),
        ("欧阳先生", Kind.NAME_WITH_TITLE),
        ("档案 sqs 2014 001", Kind.KNOWN_NUMBER),
        ("137.0000.1234", Kind.KNOWN_NUMBER),
        ("一三七零零零零一二三四", Kind.KNOWN_NUMBER),
        ("幺三柒〇零0０壹贰叁肆", Kind.KNOWN_NUMBER),
        ("电话①③⑦⓪⓪⓪⓪①②③④", Kind.KNOWN_NUMBER),
        ("(137)[0000]{1234}", Kind.KNOWN_NUMBER),
        ("1、3、7，0。0 0 0 1 2 3 4", Kind.KNOWN_NUMBER),
        ("call one three seven zero zero zero zero one two three four", Kind.KNOWN_NUMBER),
        ("138-1111-2222", Kind.LONG_NUMBER),
        ("138，1111，2222", Kind.LONG_NUMBER),
        ("座机 0577 6200 0000", Kind.LONG_NUMBER),
        ("座机 62001234", Kind.LONG_NUMBER),
        ("卡号 6222 0200 1111 2222 333", Kind.LONG_NUMBER),
        ("身份证 380382/19601031/5836", Kind.IDENTITY_NUMBER),
        ("证件 38038219540515397x", Kind.IDENTITY_NUMBER),
        ("证件 380382 1954 0515 397 Ｘ", Kind.IDENTITY_NUMBER),
        ("老证 380382601031583", Kind.IDENTITY_NUMBER),
        ("三八〇三八二一九六〇一〇三一五八三六", Kind.IDENTITY_NUMBER),
        ("住在范例巷45号", Kind.ADDRESS_PART),
        ("住在范例巷 四十五 号", Kind.ADDRESS_PART),
        ("住在范例巷", Kind.ADDRESS_PART),
        ("敲501室的门", Kind.ADDRESS_PART),
        ("范例巷45号3幢2单元501室", Kind.KNOWN_ADDRESS),
        ("范例巷四十五号三幢二单元五〇一室", Kind.KNOWN_ADDRESS),
        ("示例东路70号", Kind.KNOWN_ADDRESS),
        ("人民路12号", Kind.ADDRESS_PART),
        ("7幢3单元", Kind.ADDRESS_PART),
        ("象东村三组", Kind.ADDRESS_PART),
        ("1960年10月31日", Kind.BIRTH_DATE),
        ("一九六〇年十月三十一日", Kind.BIRTH_DATE),
        ("60年10月31日", Kind.BIRTH_DATE),
        ("1960.10.31", Kind.BIRTH_DATE),
        ("19601031", Kind.BIRTH_DATE),
        ("31/10/1960", Kind.BIRTH_DATE),
        ("October 31, 1960", Kind.BIRTH_DATE),
        ("生于1955-04-12", Kind.BIRTH_DATE),
        ("chen@example.com", Kind.CONTACT),
        ("ｃｈｅｎ＠example．com", Kind.CONTACT),
        ("微信号：chen_1960", Kind.CONTACT),
        ("QQ 1234567", Kind.CONTACT),
    ],
)
def test_what_gives_somebody_away_is_found_by_its_kind(text: str, kind: Kind) -> None:
    assert kind in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "一位复员军人误读了政策。",
        "王某愿意写春联。",
        "2015年3月2日起每周一次，2015-11-11回访。",
        "2014—2015年度，2014-12-01至2015-11-30。",
        "从2分到7分，共12次，每次90分钟。",
        "盐城社区的志愿者，在镇上的活动室。",
        "2015年10月的补助 1580.50 元为何比2014年少？是国发〔2011〕408号吗？",
        "预算 1250000 元，已付 98%。",
        "时间 9:00-11:30，12、15、18、20 人参加。",
        "老师和老年人的小组活动，小区里的老兵。",
        "第一、二、三条和第十二条",
        "小，明天再来",
        "老，陈年旧事",
        "The line is ill in the village.",
    ],
)
def test_what_names_nobody_passes(text: str) -> None:
    assert findings(text, KNOWN) == []


def test_who_may_not_know_a_person_is_not_told_which_words_are_theirs() -> None:
    assert [each.may_be_told for each in findings("他很高兴", KNOWN)] == [False]
    assert [each.may_be_told for each in findings("小明说", KNOWN)] == [True]


def test_a_finding_says_where_it_is_written() -> None:
    text = "我是 陈 小·明，何时发？"
    [found] = [each for each in findings(text, KNOWN) if each.kind is Kind.FULL_NAME]
    assert text[found.start : found.end] == "陈 小·明"


# -- any disguise ------------------------------------------------------------------------------

SEPARATORS = st.sampled_from(
    ["", "", " ", "\u3000", "-", "－", "—", ".", "．", "·", "•", "・", "/",
     "_", "\u200b", "\u2060", "(", "）"]
)  # fmt: skip
CHINESE = "的在社区活动请回电话补助何时发放谢谢，。！\n一二"
AROUND = st.text(CHINESE.replace("一二", ""), max_size=30)
DIGITS = [
    *("0123456789", "０１２３４５６７８９", "〇一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖"),
    *("零幺二三四五六七八九", "⓪①②③④⑤⑥⑦⑧⑨", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"),
]
SURNAMES, GIVEN = "王陈林赵周吴徐孙", "建国秀英志强丽华伟明光友良晓春梅"


@st.composite
def disguised(draw: st.DrawFn, text: str) -> str:
    """With something or nothing between any two letters."""
    return "".join(letter + draw(SEPARATORS) for letter in text[:-1]) + text[-1:]


@st.composite
def digits_disguised(draw: st.DrawFn, digits: str) -> str:
    """Every digit in a script of its own, and something or nothing between."""
    spelt = [draw(st.sampled_from(DIGITS))[int(d)] if d.isdigit() else d for d in digits]
    return "".join(each + draw(SEPARATORS) for each in spelt[:-1]) + spelt[-1]


@given(st.data(), AROUND, AROUND)
def test_no_disguise_hides_a_name(data: st.DataObject, before: str, after: str) -> None:
    surname = data.draw(st.sampled_from([*SURNAMES, "欧阳", "司马"]))
    name = surname + data.draw(st.text(GIVEN, min_size=2, max_size=2))
    hidden = data.draw(disguised(name))
    found = findings(f"{before}{hidden}{after}", [Known(name)])
    assert Kind.FULL_NAME in {each.kind for each in found}
    part = data.draw(disguised(name[len(surname) :]))
    assert Kind.NAME_OR_WORD in {
        each.kind for each in findings(before + part + after, [Known(name)])
    }
    for spoken in (f"{surname}阿婆", f"{surname}老师", f"{surname}大爷", f"老{surname[:1]}"):
        called = data.draw(disguised(spoken))
        known = [Known(name if len(surname) == 1 or spoken[0] != "老" else surname[:1] + "建国")]
        assert Kind.NAME_WITH_TITLE in {each.kind for each in findings(before + called, known)}


@given(st.data(), AROUND, AROUND)
def test_no_disguise_hides_a_number(data: st.DataObject, before: str, after: str) -> None:
    body = "380382" + data.draw(st.dates(date(1915, 1, 1), date(2010, 1, 1))).strftime("%Y%m%d")
    body += f"{data.draw(st.integers(0, 999)):03}"
    mobile = f"1{data.draw(st.integers(3, 9))}{data.draw(st.integers(0, 10**9 - 1)):09}"
    for number, kind in (
        (body + check_character(body), Kind.IDENTITY_NUMBER),
        (body[:6] + body[8:], Kind.IDENTITY_NUMBER),
        (mobile, Kind.LONG_NUMBER),
    ):
        hidden = data.draw(digits_disguised(number))
        assert kind in {each.kind for each in findings(f"{before}{hidden}{after}", [])}, hidden
    known = Known("陈小明", phone=mobile, is_subject=True)
    hidden = data.draw(digits_disguised(mobile))
    assert Kind.KNOWN_NUMBER in {each.kind for each in findings(before + hidden + after, [known])}


@given(st.data(), AROUND, AROUND)
def test_no_disguise_hides_an_address_or_a_birth(
    data: st.DataObject, before: str, after: str
) -> None:
    person = Known(
        "陈小明", address="盐城社区范例巷145号", born_on=date(1960, 10, 31), is_subject=True
    )
    number = data.draw(st.sampled_from(["145", "１４５", "一四五", "一百四十五", "壹肆伍"]))
    hidden = data.draw(disguised(f"范例巷{number}号"))
    assert Kind.KNOWN_ADDRESS in {e.kind for e in findings(before + hidden + after, [person])}
    year = data.draw(st.sampled_from(["1960", "１９６０", "一九六〇", "一九六零"]))
    month, day = data.draw(st.sampled_from([("10", "31"), ("十", "三十一"), ("一〇", "卅一")]))
    born = f"{year} 年{month}月 {day}日"
    assert Kind.BIRTH_DATE in {e.kind for e in findings(before + born + after, [person])}


@given(st.text(max_size=200))
def test_any_text_is_read_and_what_is_quoted_stands_in_it(text: str) -> None:
    for each in findings(text, KNOWN):
        assert 0 <= each.start < each.end <= len(text)


@given(st.text())
def test_folding_is_done_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@pytest.mark.parametrize(
    "unit",
    ["1", "1 ", "a", "@", "a@", "a.", "老", "陈", "陈老", "十", "十号", "1号", "路1号", "1960.",
     "1960年1月", "微信", "qq1", "one", "jan ", "19600101 ", "生于", "\u200b", "(", "x", "1x", "ﷺ",
     "小明", "陈小明", "范例巷45号"],
)  # fmt: skip
def test_the_longest_text_is_read_in_a_moment_whatever_it_repeats(unit: str) -> None:
    text = (unit * LONGEST_TEXT)[:LONGEST_TEXT]
    findings(text[:100], KNOWN)
    began = time.process_time()
    findings(text, KNOWN)
    # Some milliseconds to tens of them; what grows with the square of the length takes minutes.
    assert time.process_time() - began < 3


def test_only_what_may_be_something_else_can_be_confirmed() -> None:
    never = {Kind.IDENTITY_NUMBER, Kind.FULL_NAME, Kind.KNOWN_NUMBER, Kind.KNOWN_ADDRESS}
    assert {*Kind} - CONFIRMABLE == never
