"""An operator opens one entry at a time, and everybody sees later that it was opened."""

from __future__ import annotations

import json

import pytest
from joserfc.jwk import OKPKey

from acts.test_perform import a_visit
from beneficiaries.keeping import WORKER, registered
from citywide.audit.operators import operator
from citywide.cli.audit import _shown
from citywide.errors import OperatorError
from citywide.identity.keys import Keys
from walls.house import House


@pytest.fixture
def keys(secret: bytes) -> Keys:
    """The deployment's keys."""
    return Keys(issuer=OKPKey.generate_key("Ed25519"), secret=secret)


async def test_an_entry_is_shown_with_its_words_and_the_look_is_noted(
    pilot: House, keys: Keys
) -> None:
    file = await registered(pilot, name="欧阳白鹭", phone="139-0731-8264")
    changed = {"beneficiaryId": file["id"], "version": file["version"], "phone": "139-0731-8265"}
    await pilot.act(WORKER, "updateBeneficiary", **changed)
    stored = await pilot.owner.fetch("SELECT entry FROM audit_entry ORDER BY position")
    assert "欧阳白鹭" not in stored[0]["entry"]
    opened = json.loads(await _shown(pilot.url, keys, "shouqianshou", 1, "核对登记"))
    assert (opened["input"]["name"], opened["input"]["idNumber"]) == ("欧阳白鹭", "(kept out)")
    opened = json.loads(await _shown(pilot.url, keys, "shouqianshou", 2, "核对登记"))
    [change] = opened["changes"]
    assert change["before"] == {"phone": "139-0731-8264"}
    assert change["after"] == {"phone": "139-0731-8265"}
    trail = "{ auditTrail(where: {kind: {eq: READ}}) { nodes { actor coordinate purpose } } }"
    looks = (await pilot.data("shouqianshou.director", trail))["auditTrail"]["nodes"]
    look = {"actor": operator(), "coordinate": "citywide audit show", "purpose": "核对登记"}
    assert looks == [look, look]
    persons = await pilot.owner.fetchval("SELECT count(DISTINCT person_id) FROM audit_subject")
    assert persons == 1


@pytest.mark.parametrize(
    ("tenant", "position", "purpose", "sentence"),
    [
        ("shouqianshou", 7, "核对登记", r"shouqianshou has no entry 7: its last is 1\."),
        ("shouqian", 1, "核对登记", r"There is no tenant shouqian\. Near it: shouqianshou\."),
        ("shouqianshou", 1, " ", "A purpose is a sentence"),
        ("shouqianshou", 1, "核" * 201, "A purpose is a sentence of at most 200"),
    ],
)
async def test_what_cannot_be_shown_is_refused_and_nothing_is_noted(
    pilot: House, keys: Keys, *, tenant: str, position: int, purpose: str, sentence: str
) -> None:
    await pilot.act(WORKER, "recordService", **await a_visit(pilot))
    with pytest.raises(OperatorError, match=sentence):
        await _shown(pilot.url, keys, tenant, position, purpose)
    assert await pilot.owner.fetchval("SELECT count(*) FROM audit_entry") == 1
