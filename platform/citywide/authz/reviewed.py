"""The reviewed table: all that the policy decides, a line a coordinate and a column a role.

`policies/reviewed.txt` is printed, and its difference is what a person reviews: it shows what a row
of `policy.csv` gives to whom. It says nothing of why; `decisions` does, and holds however often
the table is printed anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

from citywide.authz import decisions
from citywide.authz.grants import DENIED, in_words
from citywide.authz.policy import Policy
from citywide.errors import OperatorError

FILE = "reviewed.txt"
COMMAND = "citywide policy table --write"

_HEAD = f"""\
# What every role may do, as `{COMMAND}` prints it. README.md explains the words.
# Review the difference of this file; nobody writes it by hand.
"""
_DENIED = "·"
_GAP = "  "
# Wider than today's longest coordinate, lest a longer one move every line of the file.
_COORDINATE = 44


def table(policy: Policy) -> str:
    """The table of the policy: for every coordinate what each role may do with it."""
    grants = [policy.grants(frozenset({role})) for role in policy.role_order]
    lines = [["", *policy.role_order]]
    for coordinate in sorted(policy.coordinates):
        words = [in_words(each.of(coordinate)) for each in grants]
        lines.append([coordinate, *(_DENIED if word == DENIED else word for word in words)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    widths[0] = max(widths[0], _COORDINATE)
    return _HEAD + "".join(
        _GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        + "\n"
        for line in lines
    )


def difference(folder: Path, policy: Policy) -> str:
    """How the folder's table differs from what the policy gives; empty where it does not."""
    path = folder / FILE
    try:
        reviewed = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        message = f"The reviewed table {path} cannot be read: {error}."
        raise OperatorError(message) from error
    name = f"{folder.name}/{FILE}"
    lines = unified_diff(
        reviewed.splitlines(), table(policy).splitlines(), name, "the policy", lineterm="", n=0
    )
    return "\n".join(lines)


def nobodys(policy: Policy, cases: tuple[decisions.Case, ...]) -> Iterator[str]:
    """What is granted to no role, and no decision says with a reason that it is nobody's."""
    granted = {
        coordinate
        for role in policy.role_order
        for coordinate in policy.grants(frozenset({role})).by_coordinate
    }
    decided = {
        coordinate
        for case in cases
        if case.expect == {decisions.OTHERS: DENIED}
        for coordinate in case.coordinates
    }
    for coordinate in sorted(policy.coordinates - granted - decided):
        yield (
            f"{coordinate} is granted to no role: add it to rows of policy.csv, or to "
            f"{decisions.FILE} with `{{{decisions.OTHERS}: {DENIED}}}` and the reason."
        )
