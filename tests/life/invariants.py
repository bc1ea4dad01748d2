"""The rules of the domain said in plain SQL, away from the code that keeps them.

Each function gives a statement that finds what breaks its rule: a row found is a rule broken. Its
docstring is the rule. `$1` is the place in `life_journal` before the act, for rules about what an
act may write; `life_journal` has each row that was written as it was (`old`) and as it is (`new`).

To add a rule: write a function here or in a file beside it, and put it into that file's tuple. It
is looked at after each act that has written to a table that its statement names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import asyncpg

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


# All that are to be looked at in one round trip, each planned once.
LOOKING = """
CREATE FUNCTION life_broken(names text[], since bigint)
RETURNS TABLE (name text, shown jsonb) LANGUAGE plpgsql AS $$ BEGIN
  FOREACH name IN ARRAY names LOOP
    FOR shown IN EXECUTE format('SELECT life_rule_%s($1)', name) USING since LOOP
      RETURN NEXT;
    END LOOP;
  END LOOP;
END $$;
"""


async def taught(owner: asyncpg.Connection, taught_rules: Sequence[Rule]) -> None:
    """Write the rules into the database, as functions of the place since when they are asked."""
    for rule in taught_rules:
        statement = rule.sql.replace("$1", "since")
        await owner.execute(
            f"CREATE FUNCTION life_rule_{rule.name}(since bigint) RETURNS SETOF jsonb"
            f" LANGUAGE plpgsql AS $rule$ BEGIN RETURN QUERY SELECT to_jsonb(f) FROM ({statement})"
            " f; END $rule$"
        )
    await owner.execute(LOOKING)


async def broken(
    owner: asyncpg.Connection, asked_rules: Sequence[Rule], since: int
) -> list[tuple[str, str]]:
    """What breaks the rules: the rule's name, and the row."""
    names = [rule.name for rule in asked_rules]
    found = await owner.fetch("SELECT name, shown FROM life_broken($1, $2)", names, since)
    return [(row["name"], row["shown"]) for row in found]
