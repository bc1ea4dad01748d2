"""What is known to be wrong and not mended yet: this shrinks, and nothing else is let through."""

from __future__ import annotations

from collections.abc import Mapping

# Rules that are broken, and by which mutation; `*`: by any.
BROKEN: Mapping[tuple[str, str], str] = {
    ("commitments_stay_within_their_line", "*"): (
        "what was allowed beyond a line is the line's own once its commitment is closed"
    ),
    ("hours_are_those_of_their_service", "correctServiceRecord"): (
        "a correction takes a volunteer or time off a service whose hours are on record"
    ),
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
