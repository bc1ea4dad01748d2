"""The printed certificate over HTTP: only certified hours, and only for who may certify them."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import httpx
import pytest
from joserfc.jwk import OKPKey
from pypdf import PdfReader

from citywide.volunteers.certificate import LINES, certificate_page
from volunteers.volunteering import DIRECTOR, MANAGER, WORKER, register
from walls.house import House
from web.serving import Token, served

_TODAY = date(2015, 11, 11)
OTHERS = (
    WORKER,
    "shouqianshou.finance",
    "yijiaqin.director",
    "bureau.officer",
    "supervisor.lead",
)


async def hours_of(house: House) -> str:
    """A volunteer with two certified entries and two that are not; the volunteer's id."""
    made = await register(house, "N-1", name="林墨香")
    volunteer: str = made["volunteer"]["id"]
    for day, minutes, decision in (
        ("2015-10-01", 90, "certifyVolunteerHours"),
        ("2015-11-01", 45, "certifyVolunteerHours"),
        ("2015-11-02", 60, "refuseVolunteerHours"),
        ("2015-11-03", 60, None),
    ):
        recorded = await house.act(
            MANAGER,
            "recordVolunteerHours",
            "volunteerHours { id }",
            volunteerId=volunteer,
            servedOn=day,
            minutes=minutes,
            activity=f"为{day}的老人写春联",
        )
        if decision is not None:
            given: dict[str, Any] = {"hoursId": recorded["volunteerHours"]["id"], "version": 1}
            given |= {"reason": "不符"} if decision.startswith("refuse") else {}
            done = await house.act(DIRECTOR, decision, **given)
            assert done["__typename"].endswith("Success"), done
    return volunteer


def text_of(response: httpx.Response) -> str:
    """What can be read in the PDF, without the breaks of its lines."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/pdf"
    assert response.headers["cache-control"] == "no-store"
    pages = PdfReader(io.BytesIO(response.content)).pages
    return "".join("".join(page.extract_text() for page in pages).split())


async def test_a_certificate_is_printed_for_who_may_certify_and_for_nobody_else(
    pilot: House, secret: bytes, issuer_key: OKPKey, token: Token
) -> None:
    volunteer = await hours_of(pilot)
    async with (
        served(pilot.url, secret, issuer_key) as address,
        httpx.AsyncClient(base_url=address, timeout=30) as http,
    ):

        async def page(user: str | None, volunteer_id: str = volunteer) -> httpx.Response:
            headers = {} if user is None else {"authorization": f"Bearer {token(user)}"}
            return await http.get(f"/volunteers/{volunteer_id}/certificate.pdf", headers=headers)

        for user in (MANAGER, DIRECTOR):
            printed = text_of(await page(user))
            for part in (
                "志愿服务记录证明",
                "“手牵手”社会工作室",
                "兹证明林墨香（志愿者编号N-1）自2015年6月1日",
                "共2次、2天，合计2小时15分钟",
                "2015年11月1日为2015-11-01的老人写春联45分钟",
                "出具日期：2015年11月11日",
            ):
                assert part in printed, (part, printed)
            assert "2015-11-02" not in printed
            assert "2015-11-03" not in printed
        never = await page(WORKER, "nonsense")
        assert never.status_code == 404
        for user in OTHERS:
            denied = await page(user)
            assert (denied.status_code, denied.text) == (404, never.text)
        assert (await page(MANAGER, volunteer[:-4] + "AAAA")).text == never.text
        assert (await page(None)).status_code == 401


@pytest.mark.parametrize("count", [0, 1, LINES, LINES + 1, 300])
def test_the_sums_are_of_all_entries_and_the_lines_of_the_latest(count: int) -> None:
    volunteer = {
        "number": "N-1",
        "name": "林墨香",
        "registeredOn": "2015-01-01",
        "leftOn": "2015-11-01",
        "agency": {"name": "示例社"},
    }
    hours = [
        {"servedOn": f"2015-0{1 + n % 9}-01", "minutes": 30, "activity": f"第{n}次"}
        for n in range(count)
    ]
    page = certificate_page(volunteer, hours, today=_TODAY)
    whole, half = divmod(count, 2)
    said = "".join([f"{whole}小时" if whole else "", "30分钟" if half else ""]) or "0分钟"
    assert f"共{count}次、{min(count, 9)}天，合计{said}。" in page["sentence"]
    assert "自2015年1月1日至2015年11月1日" in page["sentence"]
    assert [line[1] for line in page["lines"]] == [f"第{n}次" for n in range(min(count, LINES))]
