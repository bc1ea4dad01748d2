"""The shipped schema and policy, and the house with the pilot in it."""

from __future__ import annotations

import pytest

from citywide.authz.policy import Policy
from citywide.graph.schema import Schema
from walls.house import House


@pytest.fixture(scope="session")
def schema(published: Schema) -> Schema:
    return published


@pytest.fixture(scope="session")
def policy(shipped: Policy) -> Policy:
    return shipped


@pytest.fixture(scope="session")
def house(planned: House) -> House:
    return planned
