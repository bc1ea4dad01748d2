"""Casbin itself: the enforcer that answers, the subject it is asked about, and what must be denied.

Traps of Casbin this module is written around: a member's user name is never a subject (a user
named like a role would have the role), and a model that allows without a rule is refused before
it decides anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import casbin

from citywide.errors import OperatorError

# Object, action and scope of a question, as of a row: a FastEnforcer finds its rows by them.
_KEY = (1, 2, 3)

Row = Sequence[str]
Link = tuple[str, str]


class _Rows(casbin.persist.Adapter):  # type: ignore[misc]
    """Hands Casbin rows that were read and checked already; its own reader skips what it can't."""

    def __init__(self, rows: Iterable[Row], links: Iterable[Link]) -> None:
        self._rows = rows
        self._links = links

    def load_policy(self, model: casbin.Model) -> None:
        """Put the rows and the role links into `model`."""
        for row in self._rows:
            model.model["p"]["p"].policy.append(list(row))
        for link in self._links:
            model.model["g"]["g"].policy.append(list(link))


def enforcer(model: Path, rows: Iterable[Row], links: Iterable[Link]) -> casbin.FastEnforcer:
    """An enforcer of these rows, whose objects are written out: no `Type.*` among them."""
    return casbin.FastEnforcer(str(model), _Rows(rows, links), cache_key_order=_KEY)


def subject(of: casbin.FastEnforcer, roles: frozenset[str]) -> str:
    """A subject that has exactly these roles; its name can be no role's and no user's choice."""
    name = "+" + "+".join(sorted(roles))
    for role in roles:
        of.get_role_manager().add_link(name, role)
    return name


def probe(model: Path) -> None:
    """Refuse a model that allows what no rule allows, or that a denial does not stop."""
    row = ("reader", "Thing.field", "read", "tenant")
    question = ("+reader", *row[1:])
    allow, deny = (*row, "allow"), (*row, "deny")
    links = [("+reader", "reader")]
    nobody = ("", *row[1:])
    cases = [
        ("a policy without rules allows something", [], question, False),
        ("a policy without rules allows an empty question", [], ("", "", "", ""), False),
        ("a rule that allows does not allow", [allow], question, True),
        ("a denial beside a rule that allows does not deny", [allow, deny], question, False),
        ("an empty subject is allowed something", [allow], nobody, False),
        ("a rule for one scope allows another", [allow], (*question[:3], "bureau"), False),
    ]
    for fault, rows, asked, expected in cases:
        try:
            # The plain enforcer: the other one finds rows by key, whatever the model compares.
            answer = casbin.Enforcer(str(model), _Rows(rows, links)).enforce(*asked)
        except Exception as error:  # Casbin raises whatever its parser stumbles over.
            message = f"{model.parent.name}/{model.name}: Casbin cannot use it: {error!r}."
            raise OperatorError(message) from error
        if answer is not expected:
            message = f"{model.parent.name}/{model.name}: {fault}."
            raise OperatorError(message)
