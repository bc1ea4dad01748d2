"""Figures beside plain SQL: ratios, periods before, persons counted once, money for few."""

from __future__ import annotations

import pytest
from graphql.execution.values import VariableValues

from citywide.errors import Code
from citywide.evaluation.measures import MEASURES
from citywide.evaluation.words import Measure
from citywide.graph.compile import compile_operation
from walls.house import House

OFFICER = "bureau.officer"
SERVED = """SELECT count(DISTINCT (a.tenant_id, a.beneficiary_id)) FROM attendance a
JOIN service_record r ON r.tenant_id = a.tenant_id AND r.id = a.service_record_id
WHERE a.role = 'BENEFICIARY' AND r.status = 'CURRENT'"""
HOME_HELP = """SELECT count(*) FROM attendance a
JOIN service_record r ON r.tenant_id = a.tenant_id AND r.id = a.service_record_id
WHERE a.role = 'BENEFICIARY' AND r.status = 'CURRENT' AND r.kind = 'HOME_HELP'
AND r.served_on >= $1::text::date AND r.served_on < $2::text::date"""


async def test_a_person_is_counted_once_in_the_city_and_in_each_year(planned: House) -> None:
    document = "{ metrics(measures: PERSONS_SERVED) { rows { values { value unit } } } }"
    [row] = (await planned.data(OFFICER, document))["metrics"]["rows"]
    assert row["values"] == [{"value": await planned.owner.fetchval(SERVED), "unit": "PERSONS"}]


async def test_a_ratio_tells_what_it_divides(planned: House) -> None:
    document = """{ metrics(measures: SCORE_CHANGE) {
      rows { values { value unit numerator denominator } } } }"""
    [row] = (await planned.data(OFFICER, document))["metrics"]["rows"]
    [found] = row["values"]
    [truth] = await planned.owner.fetch(
        """SELECT sum(last - first), count(*) FROM (
        SELECT (array_agg(score ORDER BY assessed_on DESC))[1] AS last,
               (array_agg(score ORDER BY assessed_on))[1] AS first
        FROM assessment WHERE status = 'APPROVED'
        GROUP BY tenant_id, beneficiary_id, instrument, instrument_version
        HAVING count(*) > 1) AS persons"""
    )
    assert (found["numerator"], found["denominator"]) == tuple(truth)
    assert found["value"] == float(round(truth[0] / truth[1], 4))
    assert found["unit"] == "POINTS"


@pytest.mark.parametrize(
    ("first", "until", "start"),
    [
        ("2015-04-01", "2015-07-01", "2015-01-01"),
        ("2015-03-01", "2015-04-01", "2015-02-01"),
        ("2015-03-03", "2015-03-10", "2015-02-24"),
    ],
)
async def test_the_period_before_is_as_long(
    planned: House, first: str, until: str, start: str
) -> None:
    document = """query ($from: Date!, $until: Date!) {
      metrics(measures: HOME_HELP, where: { from: $from, until: $until }) {
        rows { values { value previous } } } }"""
    found = await planned.data(OFFICER, document, **{"from": first, "until": until})
    [values] = found["metrics"]["rows"][0]["values"]
    assert values == {
        "value": await planned.owner.fetchval(HOME_HELP, first, until),
        "previous": await planned.owner.fetchval(HOME_HELP, start, first),
    }


def test_every_measure_has_one_declaration() -> None:
    assert [*MEASURES] == [*Measure]


async def test_measures_of_one_fact_are_counted_in_one_scan(planned: House) -> None:
    document = """{ metrics(measures: [SOCIAL_WORKER_TURNOUTS, VOLUNTEER_TURNOUTS, HOME_HELP,
      CASE_COUNSELLING, PERSONS_SERVED]) { rows { values { value } } } }"""
    engine, principal = planned.engine, await planned.principal(OFFICER)
    plan = compile_operation(
        engine.schema,
        engine._admission.admit(document, None),
        VariableValues({}, {}),
        engine.policy.grants(principal.roles),
        principal.audience,
    )
    assert plan.sql.count("JOIN attendance") == 1


@pytest.mark.parametrize("user", ["bureau.officer", "yixin.worker1", "supervisor.lead"])
async def test_money_is_forbidden_to_those_who_do_not_see_money(planned: House, user: str) -> None:
    document = "{ metrics(measures: MONEY_SPENT) { rows { values { value } } } }"
    assert await planned.forbidden(user, document) == {"Measure.MONEY_SPENT"}


@pytest.mark.parametrize("user", ["bureau.budget", "yixin.director", "yixin.finance"])
async def test_money_is_told_in_fen_to_those_who_do(planned: House, user: str) -> None:
    document = "{ metrics(measures: MONEY_SPENT) { rows { values { value unit } } } }"
    [row] = (await planned.data(user, document))["metrics"]["rows"]
    fen = await planned.owner.fetchval(
        "SELECT coalesce(sum(amount_fen), 0) FROM expense e JOIN tenant t USING (tenant_id)"
        " WHERE e.status IN ('APPROVED', 'PAID') AND ($1 = 'bureau' OR t.slug = $1)",
        user.split(".", maxsplit=1)[0],
    )
    assert row["values"] == [{"value": fen, "unit": "FEN"}]


async def test_more_measures_than_there_are_is_refused_in_a_sentence(pilot: House) -> None:
    measures = ", ".join(["HOME_HELP"] * 101)
    document = f"{{ metrics(measures: [{measures}]) {{ rows {{ values {{ value }} }} }} }}"
    refusal = await pilot.refusal("bureau.officer", document)
    assert refusal.code is Code.BAD_USER_INPUT
    assert refusal.message.endswith("ask for each once.")
