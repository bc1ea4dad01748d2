"""The stages of a group per MZ/T 095-2017: one after the other, none skipped, none again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from citywide.errors import Fault, Path
from citywide.rules.legacy import past_faults

# 筹备, 形成, 转折, 成熟, 结束.
STAGES = ("PREPARATION", "FORMATION", "TRANSITION", "MATURITY", "CLOSING")
# In preparation nobody meets yet.
SESSION_STAGES = STAGES[1:]


def next_stage(stage: str) -> str | None:
    """The stage that follows; None after the last."""
    place = STAGES.index(stage) + 1
    return STAGES[place] if place < len(STAGES) else None


def refusal_of_step(stage: str, wanted: str) -> str | None:
    """Why a series in `stage` cannot enter `wanted`; None when it can."""
    following = next_stage(stage)
    if following is None:
        return "The series is in its last stage."
    if wanted != following:
        return f"After {stage} comes {following}."
    return None


def entry_faults(path: Path, entered_on: date, *, last: date, today: date) -> Iterator[Fault]:
    """A stage is entered on a day that has come, and not before the stage that precedes it."""
    yield from past_faults(path, entered_on, today=today)
    if entered_on < last:
        yield Fault(path, f"The stage before was entered later, on {last}.")


def stages_fall(stages: tuple[str, ...]) -> bool:
    """Whether a plan goes back to a stage that it had left."""
    places = [STAGES.index(stage) for stage in stages]
    return any(one > two for one, two in pairwise(places))
