"""Policy documents in versions: published by the bureau, read by all its agencies."""

from __future__ import annotations

from itertools import product
from typing import Any

from citywide.db.session import Audience, Context
from needs.conftest import OFFICER, POLICY, WORKER, Errand
from walls.neighbours import ELSEWHERE_BUREAU, YUEQING

LISTED = """{ policyDocuments(orderBy: [{field: VALID_FROM}]) { nodes {
    number title validFrom validUntil replaces { validFrom } clauses { position label } } } }"""


async def test_a_new_version_ends_the_one_that_it_replaces(errand: Errand) -> None:
    done = await errand.house.act(
        OFFICER,
        "publishPolicyDocument",
        "policyDocument { id }",
        **{
            **POLICY,
            "title": "军人抚恤优待办法（虚构，修订）",
            "validFrom": "2015-10-01",
            "replacesId": errand.document_id,
        },
    )
    assert done["__typename"] == "PublishPolicyDocumentSuccess"
    found = await errand.house.data(WORKER, LISTED)
    old, new = found["policyDocuments"]["nodes"]
    assert (old["validFrom"], old["validUntil"]) == ("2011-08-01", "2015-10-01")
    assert (new["validUntil"], new["replaces"]) == (None, {"validFrom": "2011-08-01"})
    assert [clause["label"] for clause in new["clauses"]] == ["第三条", "第七条"]


async def test_an_answer_rests_on_a_clause_that_is_in_force(errand: Errand) -> None:
    await errand.carried("REFERRED")
    replacing = {**POLICY, "validFrom": "2015-10-18", "replacesId": errand.document_id}
    await errand.house.act(OFFICER, "publishPolicyDocument", **replacing)
    late = await errand.answered(day="2015-10-20")
    assert (late["__typename"], late["path"]) == ("InputProblem", ["clauseId"])
    in_time = await errand.answered(day="2015-10-17")
    assert in_time["__typename"] == "AnswerNeedSuccess"


ANOTHER = {"number": "另一号"}
BAD_DOCUMENTS: list[tuple[dict[str, Any], list[str]]] = [
    ({"number": " "}, ["number"]),
    ({}, ["number"]),
    ({**ANOTHER, "validUntil": "2011-08-01"}, ["validUntil"]),
    ({**ANOTHER, "clauses": []}, ["clauses"]),
    ({**ANOTHER, "clauses": [{"label": "一", "text": "甲"}] * 2}, ["clauses", "1", "label"]),
    ({**ANOTHER, "clauses": [{"label": "一", "text": "字" * 2001}]}, ["clauses", "0", "text"]),
    ({**ANOTHER, "replacesId": "nonsense"}, ["replacesId"]),
]


async def test_a_bad_document_is_a_problem_that_names_the_field(errand: Errand) -> None:
    before = await errand.house.data(WORKER, LISTED)
    for changes, path in BAD_DOCUMENTS:
        answer = await errand.house.act(OFFICER, "publishPolicyDocument", **{**POLICY, **changes})
        assert (answer["__typename"], answer["path"]) == ("InputProblem", path)
    assert await errand.house.data(WORKER, LISTED) == before


async def test_a_document_replaces_one_that_holds_and_began_before_it(errand: Errand) -> None:
    given = {**POLICY, "replacesId": errand.document_id, "validFrom": "2011-08-01"}
    answer = await errand.house.act(OFFICER, "publishPolicyDocument", **given)
    assert (answer["__typename"], answer["path"]) == ("InputProblem", ["replacesId"])


async def test_a_city_reads_what_its_bureau_keeps_and_no_other_city_does(errand: Errand) -> None:
    audiences = (Audience.AGENCY, Audience.SUPERVISOR, Audience.BUREAU)
    tables = ("department", "need_kind", "policy_document", "policy_clause")
    for audience, table in product(audiences, tables):
        own = Context(audience, bureau_id=YUEQING)
        other = Context(audience, bureau_id=ELSEWHERE_BUREAU)
        seen = []
        for context in (own, other, Context(audience)):
            async with errand.house.database.read(context) as transaction:
                query = f"SELECT count(*) FROM {table}"
                seen.append(await transaction.connection.fetchval(query))
        assert seen[0] > 0
        assert seen[1:] == [0, 0]
