"""The compiled SQL and the answer of known operations are the ones on file."""

from __future__ import annotations

import os
import re

import pytest
from graphql.execution.values import VariableValues

from citywide.graph.compile import compile_operation
from contract.golden_files import Golden, every_golden, pretty_json, pretty_sql
from walls.house import House

# Set it to write the files anew, and review what changed.
REWRITE = "CITYWIDE_REWRITE_GOLDEN"


@pytest.mark.parametrize("golden", every_golden(), ids=lambda golden: golden.name)
async def test_an_operation_has_the_sql_and_the_answer_on_file(
    house: House, golden: Golden
) -> None:
    engine, principal = house.engine, await house.principal(golden.user)
    document = golden.document
    plan = compile_operation(
        engine.schema,
        engine._admission.admit(document, None),
        VariableValues({}, {}),
        engine.policy.grants(principal.roles),
        principal.audience,
    )
    found = {
        "sql": pretty_sql(plan.sql),
        "json": pretty_json(await house.bytes(golden.user, document)),
    }
    if os.environ.get(REWRITE):
        for suffix, text in found.items():
            golden.write(suffix, text)
    for suffix, text in found.items():
        assert text == golden.read(suffix), f"Review it, then run again with {REWRITE}=1."


def test_the_sql_on_file_differs_from_what_runs_in_white_space_alone() -> None:
    sql = "SELECT a, (SELECT b\nFROM t WHERE f(x) AND (y OR z)) AS c FROM u"
    pretty = pretty_sql(sql)
    assert re.sub(r"\s+", "", pretty) == re.sub(r"\s+", "", sql)
    assert pretty.splitlines() == [
        "SELECT a,",
        "(SELECT b",
        "  FROM t",
        "  WHERE f(x)",
        "  AND (y",
        "    OR z)) AS c",
        "FROM u",
    ]


def test_no_file_is_left_over() -> None:
    for golden in every_golden():
        assert golden.read("sql")
        assert golden.read("json")
    kept = {
        golden.file(suffix) for golden in every_golden() for suffix in ("graphql", "sql", "json")
    }
    assert set(every_golden()[0].file("sql").parent.iterdir()) == kept
