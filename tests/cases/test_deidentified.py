"""What a text for others gives away, and what it may say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.cases.deidentified import folded, known_of, revealing

KNOWN = known_of(
    ["王建国", "卢良友", "Li Lei", "阿"], ["SQS-2014-001"], ["盐城社区范例巷45号", "镇上"]
)


@pytest.mark.parametrize(
    "text",
    [
        "王建国起初不愿开门。",
        "王 建 国起初不愿开门。",
        "王·建国",
        "王\u200b建国",
        "和 LI　LEI 一起",
        "档案 sqs 2014 001",
        "住在范例巷45号",
        "住在范例巷 45 号",
        "电话 13800000000",
        "电话 138-0000-0000",
        "电话 １３８００００００００",
        "证件 380382195504120655",
        "证件 38038219540515397X",
        "座机 0577 6200 0000",
    ],
)
def test_names_numbers_and_addresses_are_found_however_they_are_written(text: str) -> None:
    assert revealing(text, KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "一位复员军人误读了政策。",
        "老王愿意写春联。",
        "2015年3月2日起每周一次，2015-11-11回访。",
        "从2分到7分，共12次，每次90分钟。",
        "盐城社区的志愿者",
        "在镇上的活动室",
        "",
    ],
)
def test_what_names_nobody_passes(text: str) -> None:
    assert revealing(text, KNOWN) == []


@given(
    st.text(max_size=20),
    st.text(max_size=20),
    st.lists(st.sampled_from(" \t·.,-\u3000"), max_size=4),
)
def test_no_blanks_or_signs_hide_a_name(before: str, after: str, between: list[str]) -> None:
    hidden = "".join(between).join("卢良友")
    assert "卢良友" in revealing(f"{before}{hidden}{after}", KNOWN)


@given(st.text())
def test_folding_is_done_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)
