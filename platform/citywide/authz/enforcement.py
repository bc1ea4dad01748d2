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

# Type, field, action and scope of a question, as of a row: a FastEnforcer finds its rows by them.
_KEY = (1, 2, 3, 4)

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
    """An enforcer of these rows, which are written out: one type and one field each."""
    return casbin.FastEnforcer(str(model), _Rows(rows, links), cache_key_order=_KEY)


def subject(of: casbin.FastEnforcer, roles: frozenset[str]) -> str:
    """A subject that has exactly these roles; its name can be no role's and no user's choice."""
    name = "+" + "+".join(sorted(roles))
    for role in roles:
        of.get_role_manager().add_link(name, role)
    return name


def probe(model: Path) -> None:
    """Refuse a model that allows what no rule allows, or that a denial does not stop."""
    rest = ("read", "tenant")
    row = ("reader", "Thing", "field|other", *rest)
    asked = ("+reader", "Thing", "field", *rest)
    allow, deny = (*row, "allow"), (*row, "deny")
    whole = ("reader", "Thing|Stuff", "*", *rest, "allow")
    links = [("+reader", "reader")]
    cases = [
        ("a policy without rules allows something", [], asked, False),
        ("a policy without rules allows an empty question", [], ("",) * 5, False),
        ("a rule that allows does not allow", [allow], asked, True),
        ("a denial beside a rule that allows does not deny", [allow, deny], asked, False),
        ("an empty subject is allowed something", [allow], ("", *asked[1:]), False),
        ("a rule for one scope allows another", [allow], (*asked[:4], "bureau"), False),
        ("a rule for one action allows another", [allow], (*asked[:3], "execute", "tenant"), False),
        ("a rule for all fields does not allow one", [whole], asked, True),
    ]
    # A name that begins or ends like one of the group, before the | and after it.
    cases += [
        (f"a rule for {row[2]} allows {name}", [allow], (*asked[:2], name, *rest), False)
        for name in ("fields", "afield", "others", "another", "field|other", "")
    ]
    cases += [
        (f"a rule for {whole[1]} allows {name}", [whole], ("+reader", name, *asked[2:]), False)
        for name in ("Things", "AThing", "Stuffs", "AStuff", "Thing|Stuff", "")
    ]
    for fault, rows, put, expected in cases:
        try:
            # The plain enforcer: the other one finds rows by key, whatever the model compares.
            answer = casbin.Enforcer(str(model), _Rows(rows, links)).enforce(*put)
        except Exception as error:  # Casbin raises whatever its parser stumbles over.
            message = f"{model.parent.name}/{model.name}: Casbin cannot use it: {error!r}."
            raise OperatorError(message) from error
        if answer is not expected:
            message = f"{model.parent.name}/{model.name}: {fault}."
            raise OperatorError(message)
