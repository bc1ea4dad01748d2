"""The policy in force, as the schema knows it, and a place to write another one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from citywide.authz.policy import Policy
from citywide.graph.schema import Schema
from citywide.settings import CHECKOUT
from walls.house import made_schema


@pytest.fixture(scope="session")
def policies() -> Path:
    return CHECKOUT / "policies"


@pytest.fixture(scope="session")
def schema() -> Schema:
    return made_schema()


def load(folder: Path, schema: Schema) -> Policy:
    return Policy.load(folder, schema.coordinates(), schema.maskable(), schema.caseloads())


@pytest.fixture(scope="session")
def policy(policies: Path, schema: Schema) -> Policy:
    return load(policies, schema)


@pytest.fixture
def edited(tmp_path: Path, policies: Path, schema: Schema) -> Callable[..., Policy]:
    """Load a copy of the policies with rows appended, a line removed, or another model."""

    def edit(*rows: str, without: str | None = None, model: tuple[str, str] = ("", "")) -> Policy:
        folder = tmp_path / "policies"
        shutil.copytree(policies, folder, dirs_exist_ok=True)
        lines = (folder / "policy.csv").read_text(encoding="utf-8").splitlines()
        if without is not None:
            lines.remove(without)
        (folder / "policy.csv").write_text("\n".join([*lines, *rows]), encoding="utf-8")
        text = (folder / "model.conf").read_text(encoding="utf-8")
        assert model[0] in text
        (folder / "model.conf").write_text(text.replace(*model), encoding="utf-8")
        return load(folder, schema)

    return edit
