"""What an agreement's work can be judged to be: tranches ask for a grade, scorecards give it."""

from __future__ import annotations

from enum import StrEnum


class Grade(StrEnum):
    """优, 良, 中, 差: the best first."""

    EXCELLENT = "EXCELLENT"
    GOOD = "GOOD"
    PASS = "PASS"  # noqa: S105 -- a grade
    FAIL = "FAIL"

    def reaches(self, least: Grade) -> bool:
        """Whether it is this one or a better one."""
        grades = [*Grade]
        return grades.index(self) <= grades.index(least)
