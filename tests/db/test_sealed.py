"""Sealed texts open at their own place under their own secret, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.db.sealed import Place, SealBrokenError, Sealer

TENANT, OTHER = UUID(int=1), UUID(int=2)
HERE = Place("beneficiary", "id_number_sealed", TENANT, UUID(int=3))
ELSEWHERE = {
    "tenant": replace(HERE, tenant_id=OTHER),
    "row": replace(HERE, row_id=UUID(int=4)),
    "column": replace(HERE, column="phone"),
    "table": replace(HERE, table="volunteer"),
    "rows of each other's ids": replace(HERE, tenant_id=HERE.row_id, row_id=HERE.tenant_id),
}
SEALER = Sealer(b"a secret of thirty-two bytes ...")
STRANGER = Sealer(b"another secret of thirty-two byte")


@given(st.text(max_size=200))
def test_what_is_sealed_opens_again(text: str) -> None:
    assert SEALER.open(HERE, SEALER.seal(HERE, text)) == text


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert SEALER.seal(HERE, "x") != SEALER.seal(HERE, "x")


@pytest.mark.parametrize("other", ELSEWHERE)
def test_it_opens_at_no_other_place(other: str) -> None:
    with pytest.raises(SealBrokenError):
        SEALER.open(ELSEWHERE[other], SEALER.seal(HERE, "x"))


def test_another_secret_cannot_open_it() -> None:
    with pytest.raises(SealBrokenError):
        STRANGER.open(HERE, SEALER.seal(HERE, "x"))


@given(st.binary(max_size=60))
def test_bytes_that_were_not_sealed_are_refused(data: bytes) -> None:
    with pytest.raises(SealBrokenError):
        SEALER.open(HERE, data)


def test_digests_are_equal_within_a_tenant_and_differ_between_tenants() -> None:
    assert SEALER.digest(TENANT, "x") == SEALER.digest(TENANT, "x")
    assert SEALER.digest(TENANT, "x") != SEALER.digest(OTHER, "x")
    assert SEALER.digest(TENANT, "x") != SEALER.digest(TENANT, "y")


def test_what_is_kept_of_a_request_cannot_be_made_without_the_secret() -> None:
    plain = sha256(b"x").digest()
    kept = SEALER.request_digest(TENANT, plain), SEALER.request_key(TENANT, "x")
    assert kept == (SEALER.request_digest(TENANT, plain), SEALER.request_key(TENANT, "x"))
    for other, tenant_id in ((STRANGER, TENANT), (SEALER, OTHER)):
        assert kept[0] != other.request_digest(tenant_id, plain)
        assert kept[1] != other.request_key(tenant_id, "x")
