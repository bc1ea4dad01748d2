"""Generated operations: the engine's answers are those of the plainest resolvers."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from oracle.bench import Bench
from oracle.operations import operations

WHO: Mapping[str, str] = {
    "director": "yijiaqin.director",
    "social_worker": "yijiaqin.worker1",
    "volunteer_manager": "yijiaqin.volunteers",
    "finance": "yijiaqin.finance",
    "supervisor": "supervisor.lead",
    "officer": "bureau.officer",
    "budget_officer": "bureau.budget",
    "evaluator": "bureau.evaluator",
    "auditor": "bureau.auditor",
    "analyst": "bureau.analyst",
}
# Some are the same operation again: so many are two thousand different ones.
EXAMPLES = 240
MANY_EXAMPLES = 2_300
SEED = int(os.environ.get("CITYWIDE_SEED", random.SystemRandom().randrange(2**32)))
QUIET = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("role", WHO)
@QUIET
@given(data=st.data())
async def test_a_generated_operation_is_answered_as_by_plain_resolvers(
    bench: Bench, role: str, data: st.DataObject
) -> None:
    await _ask(bench, role, data)


@pytest.mark.long
@pytest.mark.parametrize("role", WHO)
@seed(SEED)
@settings(QUIET, max_examples=MANY_EXAMPLES, derandomize=False)
@given(data=st.data())
async def test_many_generated_operations_are_answered_as_by_plain_resolvers(
    bench: Bench, role: str, data: st.DataObject
) -> None:
    await _ask(bench, role, data)


async def _ask(bench: Bench, role: str, data: st.DataObject) -> None:
    asker = await bench.asker(WHO[role])
    written = data.draw(operations(bench.schema, asker), label=f"seed {SEED}")
    for variables in written.variables:
        await bench.compare(WHO[role], written.document, variables)


# Operations about which the two once differed, each with who asked.
FOUND = [
    # A forbidden type is named around a fragment on the interface, which asks for nothing itself.
    ("supervisor", "{ nodes(ids: []) { ... on Entitlement { ... on Node { id } } } }"),
    (
        "supervisor",
        "{ nodes(ids: []) { ...G ... on Entitlement { ...G } } } fragment G on Node { id }",
    ),
]


@pytest.mark.parametrize(("role", "document"), FOUND)
async def test_an_operation_that_was_answered_otherwise_is_not_any_more(
    bench: Bench, role: str, document: str
) -> None:
    assert await bench.compare(WHO[role], document, {}) in ("answered", "forbidden")


FIGURES = """{ scorecards(first: 100) { nodes { stage figures { name measure numerator denominator
  frozen current difference spread deviationHundredths } } } }"""


@pytest.mark.parametrize("role", ["director", "evaluator", "auditor"])
async def test_lines_of_every_measure_are_told_as_by_plain_resolvers(
    bench: Bench, role: str
) -> None:
    """Of a long term and a short one, of one project or community and of all."""
    assert await bench.compare(WHO[role], FIGURES, {}) == "answered"
