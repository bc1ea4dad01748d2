"""What leaves the agency with a referral does not say whose question it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from citywide.needs.wording import REMOVED, deidentified

names = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=4)
texts = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), max_size=40)


@given(names, texts, texts, st.integers(min_value=10**9, max_value=10**18))
def test_neither_the_name_nor_a_long_number_is_left(
    name: str, before: str, after: str, number: int
) -> None:
    found = deidentified(f"{before}{name}{number}{after}", name=name)
    assert str(number) not in found
    # A name such as 某某 could be made anew of what stands in its place.
    assert name not in found or "某" in name


def test_an_identity_card_a_telephone_and_an_address_are_taken_out() -> None:
    asked = "王德胜（身份证33038219490101123X，电话138-0000-0000）住盐盆街道5号，何时发？"
    found = deidentified(asked, name="王德胜", address="盐盆街道5号")
    assert found == f"王某（身份证{REMOVED}，电话{REMOVED}）住{REMOVED}，何时发？"


def test_years_sums_and_small_numbers_stay() -> None:
    asked = "2015年10月的补助 1580.50 元为何比2014年少？是国发〔2011〕408号吗？"
    assert deidentified(asked, name="王德胜", address=None) == asked
