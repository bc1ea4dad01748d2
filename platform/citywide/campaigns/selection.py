"""Who is due a festival visit: an open file on the day, at one of the sites, with a status."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from citywide.rules.periods import Span


@dataclass(frozen=True, slots=True)
class Person:
    """As much of a file as decides: how long it is open, where, and the legal statuses."""

    beneficiary_id: UUID
    file: Span
    site_id: UUID
    entitlements: Sequence[tuple[UUID, Span]]


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom a campaign is for; nothing named is no condition."""

    categories: frozenset[UUID] = frozenset()
    sites: frozenset[UUID] = frozenset()

    def with_more(self, categories: Iterable[UUID], sites: Iterable[UUID]) -> Choice:
        """These as well; where everybody was due already, naming some takes nobody away."""
        return Choice(
            self.categories.union(categories) if self.categories else self.categories,
            self.sites.union(sites) if self.sites else self.sites,
        )


def due(persons: Iterable[Person], choice: Choice, *, day: date) -> list[UUID]:
    """The persons due on `day`, each once, in the given order."""
    return [person.beneficiary_id for person in persons if is_due(person, choice, day=day)]


def is_due(person: Person, choice: Choice, *, day: date) -> bool:
    """Whether the person is due on `day`."""
    if not person.file.covers(day):
        return False
    if choice.sites and person.site_id not in choice.sites:
        return False
    return not choice.categories or any(
        category in choice.categories and span.covers(day) for category, span in person.entitlements
    )
