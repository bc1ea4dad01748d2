"""`citywide limits`: every bound is printed, and none is without a reason."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from citywide.cli.limits import ROOMS, Limit, app, limits_of
from citywide.graph import admit
from citywide.web import graphql


def test_every_bound_of_the_server_has_its_reason_directly_above_it() -> None:
    without = [f"{each.module}.{each.name}" for each in limits_of(ROOMS) if not each.reason]
    assert without == []


def test_the_command_prints_each_bound_with_its_value_and_reason() -> None:
    printed = CliRunner().invoke(app).output
    assert f"TOKENS = {admit.TOKENS:,}".replace(",", " ") in printed
    assert f"BODY_BYTES = {graphql.BODY_BYTES:,} bytes".replace(",", " ") in printed
    assert "A slow upload holds a task" in printed


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("POOL_WAIT_S", 5.0, "5.0 s"),
        ("STATEMENT_TIMEOUT_MS", 5_000, "5 000 ms"),
        ("BODY_BYTES", 262_144, "262 144 bytes"),
        ("DEPTH", 18, "18"),
    ],
)
def test_a_value_is_shown_with_the_unit_that_its_name_ends_in(
    name: str, value: float, shown: str
) -> None:
    assert Limit("web.graphql", name, value, "").shown == shown
