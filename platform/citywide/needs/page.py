"""The printed answer: what stands on the page, made of what its reader may see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).with_name("answer.typ")
# The trusted document that reads everything for the page.
OPERATION = "NeedAnswer"


def answer_page(need: Mapping[str, Any]) -> dict[str, str]:
    """The data of `answer.typ`, from an answered need as `NeedAnswer` reads it.

    Whoever may not read the person's own words gets the question as the department read it.
    """
    agency, person, department = need["agency"], need["beneficiary"], need["department"]
    clause = need["clause"]
    document = clause["document"]
    contact = f"您的社工：{person['worker']['name']}（{agency['name']}）"
    if department["phone"]:
        contact += f"\n{department['name']}，电话：{department['phone']}"
    return {
        "title": "政策答复单",
        "agency": agency["name"],
        "person": person["name"],
        "raised": f"{_day(need['raisedOn'])}提出",
        "question": need["question"] or need["referredQuestion"],
        "answer": need["answer"],
        "document": f"《{document['title'].strip('《》')}》（{document['number']}）",
        "issued": f"{document['issuingBody']}，{_day(document['validFrom'])}起施行",
        "clause": clause["label"],
        "clause_text": clause["text"],
        "answered_by": department["name"],
        "answered": _day(need["answeredOn"]),
        "contact": contact,
    }


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.year}年{day.month}月{day.day}日"
