"""What is known to be wrong and not mended yet: this shrinks, and nothing else is let through."""

from __future__ import annotations

from collections.abc import Mapping

# A text that PostgreSQL cannot hold, asked for before it is checked, is an error of ours
# (INTERNAL) instead of a refusal. By mutation and field.
UNHELD = ("nul", "surrogate")
_QUERIED = "queried before it is checked"
INTERNAL: Mapping[tuple[str, str], str] = {
    ("appropriate", "document"): _QUERIED,
    ("commitBeyondBudget", "number"): _QUERIED,
    ("commitMoney", "number"): _QUERIED,
    ("createFund", "name"): _QUERIED,
    ("createTypologyVersion", "name"): _QUERIED,
    ("enterExpense", "number"): _QUERIED,
    ("inviteMember", "subject"): _QUERIED,
    ("recordService", "number"): _QUERIED,
    ("registerVolunteer", "number"): _QUERIED,
    ("updateBeneficiary", "fileNumber"): _QUERIED,
}

# An act whose answer cannot be told (too long a list, a stale cursor) is refused though it is done.
# `living.py` counts these and lets them through; when it does none any more, it need not.

# Rules that are broken, and by which mutation; `*`: by any.
BROKEN: Mapping[tuple[str, str], str] = {
    ("every_day_is_a_day", "*"): "9999-12-31 is stored as infinity, 0001-01-01 as -infinity",
    ("who_was_served_was_enrolled", "mergeBeneficiaries"): (
        "attendances go over to the other file, enrolments stay"
    ),
    ("nothing_hangs_on_a_cancelled_record", "cancelServiceRecord"): (
        "hours, sessions and needs of a cancelled service stay linked, and certified hours count"
    ),
}

# Mutations that no drawing can bring to succeed, and why.
NEVER_DONE: Mapping[str, str] = {}


def is_broken_known(rule: str, mutation: str) -> bool:
    """Whether a mutation is known to break a rule."""
    return bool({(rule, mutation), (rule, "*")} & BROKEN.keys())


def is_internal_known(mutation: str, odd: str | None) -> str | None:
    """Why a mutation may answer INTERNAL to this odd value; None: it may not."""
    kind, _, name = (odd or "").partition(" in ")
    if kind not in UNHELD:
        return None
    return INTERNAL.get((mutation, name))
