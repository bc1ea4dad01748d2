"""The trusted documents: one operation a file, and every role they are written for may run them."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from graphql import OperationDefinitionNode, parse, validate

from citywide.errors import Code
from citywide.graph.schema import Schema
from citywide.ids import NO_TENANT, NodeId
from citywide.settings import CHECKOUT
from contract.people import USERS
from walls.house import House

FOLDER = CHECKOUT / "schema" / "operations"
DOCUMENTS = {
    file.stem: file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.graphql"))
}
_ROLES = re.compile(r"^# Roles: (?P<roles>[a-z_]+(?:, [a-z_]+)*)$", re.MULTILINE)
PERIOD = {"from": "2015-03-01", "until": "2015-04-01"}
VARIABLES = {
    "AgreementMoneyReport": {"agencies": [], "projects": [], **PERIOD},
    "AgreementReport": {"id": "nothing", "agencies": [], "projects": [], **PERIOD},
    "CityMoneyReport": PERIOD,
    "CityReport": PERIOD,
    "AgreementImpact": {"agencies": [], **PERIOD},
    "FileCourse": {"id": "nothing"},
    "CaseLibrary": {"isOrigin": True},
    "MyCases": {"subject": "shouqianshou.worker1"},
    "OverdueAdvice": {"today": "2015-11-11"},
    "FestivalCampaigns": {"year": 2015},
    "MyCaseload": {"subject": "shouqianshou.worker1"},
    "NeedsAssessments": {"since": "2015-01-01"},
    "NeedAnswer": {"id": "nothing"},
    "OneFile": {"id": "nothing"},
    "OverdueNeeds": {"department": "entitled-persons"},
    "PlanAndRecords": PERIOD,
    "ServiceLog": PERIOD,
    "VolunteerCertificate": {"id": "nothing"},
    "WhoLooked": {"beneficiary": NodeId("bene", NO_TENANT, UUID(int=1)).encode()},
}


def roles_of(name: str) -> list[str]:
    found = _ROLES.search(DOCUMENTS[name])
    assert found is not None, f"{name} does not say for which roles it is."
    return found["roles"].split(", ")


def test_there_are_documents() -> None:
    assert DOCUMENTS
    assert {each.name for each in FOLDER.iterdir()} == {f"{name}.graphql" for name in DOCUMENTS}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_holds_one_valid_query_named_as_its_file(schema: Schema, name: str) -> None:
    assert DOCUMENTS[name].startswith("# ")
    document = parse(DOCUMENTS[name])
    [operation] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None
    assert operation.name.value == name
    assert validate(schema.graphql, document) == []
    assert set(roles_of(name)) <= set(USERS)


@pytest.mark.parametrize(
    ("name", "role"), [(name, role) for name in DOCUMENTS for role in roles_of(name)]
)
async def test_a_role_that_a_document_is_for_may_run_it(house: House, name: str, role: str) -> None:
    data = await house.data(USERS[role], DOCUMENTS[name], **VARIABLES.get(name, {}))
    assert data
    if "id" not in VARIABLES.get(name, {}):
        assert all(data.values())


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_role_that_may_run_a_document_is_named_in_it(house: House, name: str) -> None:
    """Otherwise the list of roles in the file says less than the policy does."""
    for role in sorted(set(USERS) - set(roles_of(name))):
        refusal = await house.refusal(USERS[role], DOCUMENTS[name], **VARIABLES.get(name, {}))
        # Whoever sees aggregates only may be told first that a split is too fine for them.
        assert refusal.code is Code.FORBIDDEN or "cannot be split" in refusal.message, role


async def test_the_own_file_opens_in_full_and_a_colleagues_masked(house: House) -> None:
    user = USERS["social_worker"]
    listed = """query ($own: BeneficiaryFilter!, $other: BeneficiaryFilter!) {
      own: beneficiaries(first: 1, where: $own) { nodes { id } }
      other: beneficiaries(first: 1, where: $other) { nodes { id } }
    }"""
    mine = {"worker": {"subject": {"eq": user}}}
    found = await house.data(user, listed, own=mine, other={"not": mine})
    answers = {
        whose: (await house.data(user, DOCUMENTS["OneFile"], id=rows["nodes"][0]["id"]))["node"]
        for whose, rows in found.items()
    }
    assert len(answers["own"]["idNumber"]) == 18
    assert "**" not in answers["own"]["name"]
    assert answers["own"]["consents"]["nodes"]
    assert answers["other"]["idNumber"] is None
    assert answers["other"]["name"].endswith("**")
    assert answers["other"]["segment"] is None
