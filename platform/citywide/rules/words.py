"""Closed sets of words: each declared once, for CHECKs, the schema's enums, labels and pages.

    class RiskLevel(Words):
        \"\"\"How much is at stake for the person.\"\"\"

        LOW = auto(), "Low", "低"
        HIGH = auto(), "High", "高", "somebody may come to harm."

A member is the text that the database keeps and the schema shows, with its labels and, where these
do not say enough, what it means; the docstring describes the set. `db.tables` makes a CHECK of a
column that is annotated with the set, `graph` an enum of the same name.
"""

from __future__ import annotations

from enum import StrEnum, auto
from typing import Any, Self

# Tests declare sets and courses of their own, which are none of the platform's.
PACKAGE = "citywide."


class Words(StrEnum):
    """A closed set of words, each with its label in English and in Chinese (zh-CN)."""

    en: str
    zh: str
    about: str | None

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[Any]) -> str:  # noqa: ARG004 -- the signature that Enum calls
        return name

    def __new__(cls, value: str, en: str, zh: str, about: str | None = None) -> Self:
        """A word with its labels; `value` is `auto()`, the member's own name."""
        made = str.__new__(cls, value)
        made._value_ = value
        made.en = en
        made.zh = zh
        made.about = about
        return made

    @property
    def text(self) -> str:
        """The word's description in the schema: both labels, and what it is about."""
        return f"{self.en} ({self.zh}): {self.about}" if self.about else f"{self.en} ({self.zh})."

    @property
    def plain(self) -> str:
        """The word inside an English sentence."""
        return self.en[0].lower() + self.en[1:]


def sets_of_words() -> list[type[Words]]:
    """Every set that the platform declares, by name."""
    declared = [each for each in Words.__subclasses__() if each.__module__.startswith(PACKAGE)]
    return sorted(declared, key=lambda words: words.__name__)


__all__ = ["Words", "auto", "sets_of_words"]
