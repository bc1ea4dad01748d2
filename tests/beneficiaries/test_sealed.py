"""Sealed texts open for their own tenant under their own secret, and nowhere else."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.db.sealed import SealBrokenError, Sealer

TENANT, OTHER = UUID(int=1), UUID(int=2)
SEALER = Sealer(b"a secret of thirty-two bytes ...")


@given(st.text(max_size=200))
def test_what_is_sealed_opens_again(text: str) -> None:
    assert SEALER.open(TENANT, SEALER.seal(TENANT, text)) == text


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert SEALER.seal(TENANT, "x") != SEALER.seal(TENANT, "x")


def test_another_tenant_cannot_open_it() -> None:
    with pytest.raises(SealBrokenError):
        SEALER.open(OTHER, SEALER.seal(TENANT, "x"))


def test_another_secret_cannot_open_it() -> None:
    with pytest.raises(SealBrokenError):
        Sealer(b"another secret of thirty-two byte").open(TENANT, SEALER.seal(TENANT, "x"))


@given(st.binary(max_size=60))
def test_bytes_that_were_not_sealed_are_refused(data: bytes) -> None:
    with pytest.raises(SealBrokenError):
        SEALER.open(TENANT, data)


def test_digests_are_equal_within_a_tenant_and_differ_between_tenants() -> None:
    assert SEALER.digest(TENANT, "x") == SEALER.digest(TENANT, "x")
    assert SEALER.digest(TENANT, "x") != SEALER.digest(OTHER, "x")
    assert SEALER.digest(TENANT, "x") != SEALER.digest(TENANT, "y")
