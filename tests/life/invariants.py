"""The rules of the domain said in plain SQL, away from the code that keeps them.

Each function gives a statement that finds what breaks its rule: a row found is a rule broken. Its
docstring is the rule. `$1` is the place in `life_journal` before the act, for rules about what an
act may write; `life_journal` has each row that was written as it was (`old`) and as it is (`new`).

To add a rule: write a function here or in a file beside it, and put it into that file's tuple. It
is looked at after each act that has written to a table that its statement names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from life import (
    rules_of_files,
    rules_of_members,
    rules_of_money,
    rules_of_records,
    rules_of_work,
)

RULES: tuple[Callable[[], str], ...] = (
    *rules_of_records.RULES,
    *rules_of_members.RULES,
    *rules_of_files.RULES,
    *rules_of_money.RULES,
    *rules_of_work.RULES,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is looked at: its name, its statement, and the tables it is about."""

    name: str
    sql: str
    about: frozenset[str]

    @property
    def is_of_one_act(self) -> bool:
        """Whether it is about what one act may write, not about how things stand."""
        return "$1" in self.sql


def rules(tables: Collection[str]) -> tuple[Rule, ...]:
    """Every rule, with those of `tables` that its statement names; none named: all of them."""
    found = []
    for rule in RULES:
        sql = rule()
        named = frozenset(re.findall(r"[a-z_]+", sql)) & frozenset(tables)
        found.append(Rule(rule.__name__, sql, named or frozenset(tables)))
    return tuple(found)
