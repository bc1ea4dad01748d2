"""The way of an assessment: draft, submitted, approved or returned; a pure table of steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

Status = Literal["DRAFT", "SUBMITTED", "RETURNED", "APPROVED"]
Step = Literal["update", "submit", "approve", "return"]

# What is not here is not possible.
STEPS: Mapping[tuple[Status, Step], Status] = {
    ("DRAFT", "update"): "DRAFT",
    ("DRAFT", "submit"): "SUBMITTED",
    ("SUBMITTED", "approve"): "APPROVED",
    ("SUBMITTED", "return"): "RETURNED",
    ("RETURNED", "update"): "RETURNED",
    ("RETURNED", "submit"): "SUBMITTED",
}
_STATES: Mapping[Status, str] = {
    "DRAFT": "a draft",
    "SUBMITTED": "submitted and waits for a decision",
    "RETURNED": "returned to its author",
    "APPROVED": "approved",
}


def after(status: Status, step: Step) -> Status | None:
    """The status that the step leads to; None when it is not possible."""
    return STEPS.get((status, step))


def refusal(status: Status) -> str:
    """Why a step is not possible."""
    possible = [step for state, step in STEPS if state == status]
    ways = f"it can be {' or '.join(map(_done, possible))}" if possible else "nothing follows"
    return f"The assessment is {_STATES[status]}: {ways}."


def may_decide(member_id: UUID, *, author_id: UUID | None, assessor_id: UUID) -> bool:
    """Nobody approves what they wrote down, or found out, themselves."""
    return member_id not in (author_id, assessor_id)


def _done(step: str) -> str:
    return {
        "update": "changed",
        "submit": "submitted",
        "approve": "approved",
        "return": "returned",
    }[step]
