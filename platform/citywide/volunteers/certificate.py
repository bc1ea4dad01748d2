"""The certificate of a volunteer's hours: what stands on the page, of what its reader may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).with_name("certificate.typ")
# The trusted document that reads everything for the page, a hundred entries at a time.
OPERATION = "VolunteerCertificate"
# One page of paper has room for the latest entries; the sums above them are of all.
LINES = 14


def certificate_page(
    volunteer: Mapping[str, Any], hours: Sequence[Mapping[str, Any]], *, today: date
) -> dict[str, Any]:
    """The data of `certificate.typ`, from a volunteer and all certified hours, the latest first."""
    minutes = sum(each["minutes"] for each in hours)
    days = len({each["servedOn"] for each in hours})
    last = "" if volunteer["leftOn"] is None else f"至{_day(volunteer['leftOn'])}"
    since = f"自{_day(volunteer['registeredOn'])}{last}"
    sentence = (
        f"兹证明{volunteer['name']}（志愿者编号{volunteer['number']}）{since}在我机构登记为志愿者，"
        f"经记录并由他人核证的志愿服务共{len(hours)}次、{days}天，合计{_duration(minutes)}。"
    )
    return {
        "title": "志愿服务记录证明",
        "agency": volunteer["agency"]["name"],
        "sentence": sentence,
        "heading": "服务明细" if len(hours) <= LINES else f"服务明细（最近{LINES}次）",
        "columns": ["日期", "服务内容", "时长"],
        "lines": [
            [_day(each["servedOn"]), each["activity"], _duration(each["minutes"])]
            for each in hours[:LINES]
        ],
        "issued": f"出具日期：{today.year}年{today.month}月{today.day}日",
        "seal": "（机构盖章）",
    }


def _duration(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours}小时"] if hours else []
    return "".join([*parts, *([f"{rest}分钟"] if rest or not hours else [])])


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.year}年{day.month}月{day.day}日"
