"""Service types: reasoned judgements with their history, versions of the set, nothing let slip."""

from __future__ import annotations

from typing import Any

import pytest

from beneficiaries.keeping import COLLEAGUE, DIRECTOR, WORKER, files_of, paths, snapshot
from citywide.db.session import Audience, Database
from citywide.errors import Code, RefusalError
from citywide.exchange.manifests import apply
from citywide.ids import NodeId
from citywide.settings import CHECKOUT
from citywide.tenancy.apply import plan
from citywide.tenancy.load import load_manifests
from contract.people import USERS
from walls.house import House

TABLES = ("beneficiary", "classification", "typology", "segment")
REASON = "多次上访，认为补助发放有误；已约律师一同解读政策。"
JUDGEMENTS = (
    "beneficiary { segment { code sensitive } segmentReason"
    " classifications(orderBy: { field: CLASSIFIED_ON }) {"
    " nodes { classifiedOn reason segment { code } judge { subject } } } }"
)
TYPOLOGY = {
    "name": "优抚对象服务类型",
    "validFrom": "2015-11-01",
    "segments": [
        {
            "code": "companionship",
            "name": "需要陪伴",
            "strategy": "每月两次上门陪伴",
            "isSensitive": False,
        },
        {"code": "aggrieved", "name": "心有不平", "strategy": "一人一案", "isSensitive": True},
    ],
}


async def segment_id(house: House, code: str) -> str:
    """A service type of 手牵手's first version."""
    row = await house.owner.fetchrow(
        "SELECT s.id, s.tenant_id FROM segment s JOIN tenant t ON t.id = s.tenant_id"
        " WHERE s.code = $1 AND t.slug = 'shouqianshou'",
        code,
    )
    return NodeId("segm", row["tenant_id"], row["id"]).encode()


async def a_judgement(house: House, code: str = "aggrieved", **changes: Any) -> dict[str, Any]:
    """The input that sorts worker 1's first client."""
    [file, *_] = await files_of(house)
    return {
        "beneficiaryId": file["id"],
        "version": file["version"],
        "segmentId": await segment_id(house, code),
        "segmentedOn": "2015-11-10",
        "reason": REASON,
        **changes,
    }


async def test_a_new_judgement_stands_and_the_earlier_ones_are_kept(pilot: House) -> None:
    done = await pilot.act(WORKER, "classifyBeneficiary", JUDGEMENTS, **await a_judgement(pilot))
    found = done["beneficiary"]
    assert found["segment"] == {"code": "aggrieved", "sensitive": True}
    assert found["segmentReason"] == REASON
    *_, before, last = found["classifications"]["nodes"]
    assert before["segment"]["code"] == "settled"
    assert before["judge"] is None
    assert last == {
        "classifiedOn": "2015-11-10",
        "reason": REASON,
        "segment": {"code": "aggrieved"},
        "judge": {"subject": WORKER},
    }
    rows = await snapshot(pilot, *TABLES)
    hindsight = await a_judgement(pilot, "vigorous", segmentedOn="2015-11-09")
    assert paths(await pilot.act(WORKER, "classifyBeneficiary", **hindsight)) == {"segmentedOn"}
    stale = await a_judgement(pilot, "vigorous", version=1)
    refused = await pilot.act(WORKER, "classifyBeneficiary", **stale)
    assert refused["__typename"] == "StaleVersionProblem"
    silent = await a_judgement(pilot, "vigorous", reason="")
    assert paths(await pilot.act(WORKER, "classifyBeneficiary", **silent)) == {"reason"}
    denied = await pilot.act(COLLEAGUE, "classifyBeneficiary", **await a_judgement(pilot))
    assert denied["code"] == "NOT_YOURS"
    assert await snapshot(pilot, *TABLES) == rows


# What somebody curious would ask, each by itself: one forbidden coordinate refuses a whole.
FILTERS = [
    'segment: { code: { eq: "aggrieved" } }',
    "segment: { sensitive: { eq: true } }",
    "segment: {}",
    "not: { segment: {} }",
    "segmentReason: { isNull: false }",
    'segmentReason: { contains: "上访" }',
    'segmentedOn: { gte: "2015-11-01" }',
    "segmentedOn: { isNull: true }",
    "classifications: {}",
    'classifications: { classifiedOn: { gte: "2015-11-01" } }',
    "classifications: { segment: { sensitive: { eq: true } } }",
    "mergedFiles: { segment: {} }",
    "worker: { caseload: { segment: { sensitive: { eq: true } } } }",
    "site: { beneficiaries: { classifications: { segment: { sensitive: { eq: true } } } } }",
]
QUESTIONS = [
    *(f"{{ beneficiaries(where: {{ {each} }}) {{ totalCount }} }}" for each in FILTERS),
    *(
        f"{{ beneficiaries(where: {{ {each} }}, first: 9) {{ nodes {{ id }} }} }}"
        for each in FILTERS
    ),
    *(
        f"{{ beneficiaries(first: 50, orderBy: {{ field: {order} }}) {{ edges {{ cursor }} }} }}"
        for order in ("SEGMENT_REASON", "SEGMENTED_ON")
    ),
    *(
        f"{{ beneficiaries(first: 50) {{ totalCount nodes {{ id {field} }} }} }}"
        for field in (
            "segment { code name }",
            "segmentReason",
            "segmentedOn",
            "classifications { totalCount nodes { id reason segment { code } } }",
            "mergedFiles { nodes { segment { code } } }",
            "worker { caseload { nodes { id segment { code } } } }",
        )
    ),
    *(
        f"{{ metrics(measures: [{measure}], by: [{by}]) {{ rows {{ keys {{ value label }}"
        " values { value } } } }"
        for measure in ("BENEFICIARIES_ON_FILE", "HOME_HELP")
        for by in ("SEGMENT", "SEGMENT, AREA", "AREA", "AGENCY, PROJECT")
    ),
    "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }",
    "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Classification { reason } } }",
    "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Beneficiary { segment { code } } } }",
]


async def answers(house: House, user: str, ids: list[str]) -> list[bytes | str]:
    """What the user learns: each answer to the byte, or that it is refused."""
    found: list[bytes | str] = []
    for question in QUESTIONS:
        variables = {"ids": ids} if "$ids" in question else {}
        try:
            found.append(await house.bytes(user, question, **variables))
        except RefusalError as refusal:
            found.append(f"{refusal.code}: {refusal.message}")
    return found


async def test_a_sensitive_judgement_changes_nothing_that_others_can_see(pilot: House) -> None:
    """Nothing differs but for the own worker and the director: no list, count, order, figure."""
    given = await a_judgement(pilot, "vigorous", segmentedOn="2015-11-09")
    await pilot.act(WORKER, "classifyBeneficiary", **given)
    curious = [user for role, user in USERS.items() if role not in ("director", "social_worker")]
    curious += [COLLEAGUE, "supervisor.assistant1", "yixin.director"]
    entry = await pilot.owner.fetchrow(
        "SELECT id, tenant_id FROM classification ORDER BY id DESC LIMIT 1"
    )
    ids = [
        given["beneficiaryId"],
        NodeId("clas", entry["tenant_id"], entry["id"]).encode(),
        await segment_id(pilot, "aggrieved"),
    ]
    before = {user: await answers(pilot, user, ids) for user in [*curious, DIRECTOR, WORKER]}
    refused = {
        each.split(":")[0] for found in before.values() for each in found if isinstance(each, str)
    }
    # The analyst's figures of persons on file are not split by project, whoever they are.
    assert refused == {Code.FORBIDDEN, Code.BAD_USER_INPUT}
    done = await pilot.act(WORKER, "classifyBeneficiary", **await a_judgement(pilot))
    assert done["__typename"] == "ClassifyBeneficiarySuccess"
    after = {user: await answers(pilot, user, ids) for user in before}
    for user in curious:
        assert after[user] == before[user], user
    # The questions are good ones: who may see the judgement does see it change.
    assert after[DIRECTOR] != before[DIRECTOR]
    assert after[WORKER] != before[WORKER]


async def test_only_the_director_splits_figures_by_service_type(pilot: House) -> None:
    document = "{ metrics(measures: [HOME_HELP], by: [SEGMENT]) { rows { keys { label } } } }"
    for role, user in USERS.items():
        if role != "director":
            assert "Dimension.SEGMENT" in await pilot.forbidden(user, document)
    assert await pilot.data(DIRECTOR, document)


async def test_a_new_version_ends_the_last_one_and_moves_nobody(pilot: House) -> None:
    [file, *_] = await files_of(pilot)
    done = await pilot.act(
        DIRECTOR,
        "createTypologyVersion",
        "typology { version validFrom validUntil segments { code strategy sensitive } }",
        **TYPOLOGY,
    )
    assert done["typology"] == {
        "version": 2,
        "validFrom": "2015-11-01",
        "validUntil": None,
        "segments": [
            {"code": "aggrieved", "strategy": "一人一案", "sensitive": True},
            {"code": "companionship", "strategy": "每月两次上门陪伴", "sensitive": False},
        ],
    }
    document = """query ($id: ID!) { node(id: $id) { ... on Beneficiary {
      segment { code typology { version validUntil } } } } }"""
    found = await pilot.data(WORKER, document, id=file["id"])
    assert found["node"]["segment"]["typology"] == {"version": 1, "validUntil": "2015-11-01"}
    rows = await snapshot(pilot, *TABLES)
    outdated = await pilot.act(WORKER, "classifyBeneficiary", **await a_judgement(pilot))
    assert paths(outdated) == {"segmentedOn"}
    again = await pilot.act(DIRECTOR, "createTypologyVersion", **TYPOLOGY)
    assert paths(again) == {"validFrom"}
    assert await snapshot(pilot, *TABLES) == rows


async def test_the_manifests_leave_an_agencys_own_version_alone(
    pilot: House, secret: bytes
) -> None:
    await pilot.act(DIRECTOR, "createTypologyVersion", **TYPOLOGY)
    rows = await snapshot(pilot, *TABLES)
    city = load_manifests(CHECKOUT / "tenants" / "yueqing")
    database = await Database.open(pilot.url, secret=secret, audiences=Audience, size=1)
    try:
        assert (await plan(database, city)).changes == []
        await apply(database, city)
    finally:
        await database.close()
    assert await snapshot(pilot, *TABLES) == rows


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"segments": []}, "segments"),
        ({"segments": [TYPOLOGY["segments"][0]] * 2}, "segments"),
        ({"segments": [{**TYPOLOGY["segments"][0], "code": "Bad code"}]}, "segments.0.code"),
        (
            {"segments": [{**TYPOLOGY["segments"][0], "strategy": "长" * 501}]},
            "segments.0.strategy",
        ),
        ({"validFrom": "2014-12-01"}, "validFrom"),
        ({"name": "\u202e类型"}, "name"),
    ],
)
async def test_a_typology_that_makes_no_sense_is_refused(
    pilot: House, changes: dict[str, Any], field: str
) -> None:
    rows = await snapshot(pilot, *TABLES)
    refused = await pilot.act(DIRECTOR, "createTypologyVersion", **{**TYPOLOGY, **changes})
    assert field in paths(refused)
    assert await snapshot(pilot, *TABLES) == rows
