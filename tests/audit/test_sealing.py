"""The words of an entry are sealed for their place in it, and nothing else of it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.audit.chain import changes_told, entry_of
from citywide.audit.sealing import is_sealed, opened_words, sealed_words
from citywide.audit.words import AuditKind
from citywide.db.sealed import SealBrokenError, Sealer
from citywide.db.session import Change
from citywide.db.tables import METADATA
from citywide.domain import CATALOGUE
from citywide.graph.mutate import Reading, schema_name
from citywide.rules.fields import input_fields

TENANT, ENTRY = UUID(int=1), UUID(int=3)
SEALER = Sealer(b"a secret of thirty-two bytes ...")
CANARY = "欧阳金丝雀"

texts = st.text(max_size=20).map(lambda text: CANARY + text)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
said = st.dictionaries(st.sampled_from(["name", "phone", "note", "parts"]), values, max_size=4)
changes = st.fixed_dictionaries(
    {"table": st.just("beneficiary"), "row": st.uuids().map(str)},
    optional={"before": said, "after": said},
)
entries = st.fixed_dictionaries(
    {"id": st.just(str(ENTRY)), "tenant": st.just(str(TENANT)), "at": st.just("2015-11-11")},
    optional={
        "input": said,
        "purpose": st.none() | texts,
        "changes": st.lists(changes, max_size=3),
        "persons": st.lists(st.uuids().map(str), max_size=2),
        "roles": st.just(["director"]),
    },
)


@given(entries)
def test_what_is_sealed_opens_again_and_says_nothing_in_between(entry: dict[str, Any]) -> None:
    sealed = sealed_words(SEALER, TENANT, entry)
    assert CANARY not in json.dumps(sealed, ensure_ascii=False)
    assert opened_words(SEALER, TENANT, sealed) == entry
    # An entry whose words are sealed already stays as it is, and so does an open one.
    assert sealed_words(SEALER, TENANT, sealed) == sealed
    assert opened_words(SEALER, TENANT, entry) == entry


@given(entries)
def test_who_did_what_to_which_rows_and_persons_stays_in_clear(entry: dict[str, Any]) -> None:
    sealed = sealed_words(SEALER, TENANT, entry)
    for name in ("id", "tenant", "at", "persons", "roles"):
        assert sealed.get(name) == entry.get(name)
    for before, after in zip(entry.get("changes", ()), sealed.get("changes", ()), strict=True):
        assert (after["table"], after["row"]) == (before["table"], before["row"])
        assert set(after) == set(before)


def test_a_member_opens_at_no_other_place() -> None:
    entry = {"id": str(ENTRY), "input": {"name": CANARY}, "purpose": CANARY}
    entry |= {"changes": [{"table": "t", "row": "r", "before": {"a": 1}, "after": {"a": 2}}]}
    sealed = sealed_words(SEALER, TENANT, entry)
    [change] = sealed["changes"]
    moved: list[dict[str, Any]] = [
        {**sealed, "id": str(UUID(int=4))},
        {**sealed, "input": sealed["purpose"]},
        {**sealed, "changes": [{**change, "before": change["after"]}]},
        {**sealed, "changes": [change, change]},
    ]
    for other in moved:
        with pytest.raises(SealBrokenError):
            opened_words(SEALER, TENANT, other)
    with pytest.raises(SealBrokenError):
        opened_words(SEALER, UUID(int=2), sealed)


def of_content(content: dict[str, Any]) -> str:
    """The text of an entry as it is kept."""
    entry = entry_of(
        tenant_id=TENANT,
        bureau_id=UUID(int=2),
        kind=AuditKind.WRITE,
        occurred_at=datetime(2015, 11, 11, tzinfo=UTC),
        actor="worker",
        coordinate="Mutation.recordService",
        content=content,
        sealer=SEALER,
    )
    return entry.text


@pytest.mark.parametrize("name", sorted(METADATA.tables))
def test_what_any_column_said_before_and_after_is_kept_sealed(name: str) -> None:
    table = METADATA.tables[name]
    before = dict.fromkeys(table.c.keys(), CANARY)
    after = {column.name: f"{CANARY}2" for column in table.c}
    change = Change(name, UUID(int=5), before, after)
    content = changes_told([change])
    assert CANARY in str(content)
    text = of_content(content)
    assert CANARY not in text
    [told] = opened_words(SEALER, TENANT, json.loads(text))["changes"]
    assert (told["before"], told["after"]) == (before, after)


@pytest.mark.parametrize("name", sorted(CATALOGUE.mutations))
def test_what_any_input_says_is_kept_sealed_and_what_is_secret_is_not_kept(name: str) -> None:
    takes = CATALOGUE.mutations[name].takes
    declared = [each for each in input_fields(takes) if each.nested is None]
    given = {schema_name(each): CANARY for each in declared}
    logged = Reading(CATALOGUE.entities, TENANT).logged(takes, given)
    text = of_content({"input": logged})
    assert CANARY not in text
    kept = opened_words(SEALER, TENANT, json.loads(text))["input"]
    secret = {schema_name(each) for each in declared if each.about.is_secret}
    assert {field for field in given if kept[field] != CANARY} == secret


@pytest.mark.parametrize("value", [None, "sealed", {"sealed": 1}, {"sealed": "", "more": ""}, {}])
def test_what_only_looks_sealed_is_not(value: Any) -> None:
    assert not is_sealed(value)
