"""What is generated to compare is worth comparing: hardly two alike, and every feature in use."""

from __future__ import annotations

import json
import re
from random import Random

from oracle.bench import Bench
from oracle.operations import Author, Written

FEATURES = {
    "named fragments": r"\.\.\.F\d",
    "fragments in place": r"\.\.\. on \w+",
    "fragments without a type": r"\.\.\. +[@{]",
    "fragments on the interface": r"\.\.\. on Node",
    "aliases": r"\ba\d+: ",
    "variables": r"\(\w+: \$v",
    "variables inside a value": r"[\[{].*: \$v",
    "variables with defaults": r"\$v\d+: [\w\[\]!]+ = ",
    "@skip": "@skip",
    "@include": "@include",
    "__typename": "__typename",
    "node": r"node\(id: ",
    "nodes": r"nodes\(ids: ",
    "viewer": "viewer",
    "metrics": "metrics",
    "the union": r"\bperson: |\bperson \{",
    "labels": "locale: EN",
    "connections inside each other": r"\{ nodes \{.*\{ (nodes|edges) \{",
    "edges": r"edges \{",
    "cursors": "cursor",
    "totalCount": "totalCount",
    "pageInfo": "pageInfo",
    "forward pages": r"first: (\d|\$).*after: ",
    "backward pages": r"last: (\d|\$).*before: ",
    "orders": "orderBy: ",
    "orders of several keys": r"field: \w+.*\}, \{.*field: ",
    "filters": "where: ",
    "and": r"\band\b",
    "or": r"\bor\b",
    "not": r"\bnot\b",
    "filters about related rows": r"(beneficiary|worker|project|agency|area)\"?: \{",
    "isNull": "isNull",
    "in": r"\bin\"?: ",
    "startsWith": "startsWith",
    "contains": "contains",
}
OPERATIONS = 600
# Of each feature in so many operations; the rarest are offered by few types.
FEWEST = 3


async def test_generated_operations_differ_and_use_every_feature(bench: Bench) -> None:
    written = await some_operations(bench)
    assert len({each.document for each in written}) > 0.95 * len(written)
    texts = [each.document + json.dumps(each.variables, ensure_ascii=False) for each in written]
    uses = {
        feature: sum(1 for text in texts if re.search(pattern, text))
        for feature, pattern in FEATURES.items()
    }
    assert {feature: times for feature, times in uses.items() if times < FEWEST} == {}


async def some_operations(bench: Bench) -> list[Written]:
    """The same ones in every run."""
    chance = Random(11)  # noqa: S311 - nothing secret
    askers = [await bench.asker(who) for who in ("yijiaqin.director", "bureau.officer")]
    return [
        Author(chance.randrange, bench.schema, askers[number % 2]).write()
        for number in range(OPERATIONS)
    ]
