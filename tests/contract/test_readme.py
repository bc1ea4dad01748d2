"""What README.md says about commands, settings, users and folders is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from citywide.cli import COMMANDS
from citywide.settings import CHECKOUT, Settings
from citywide.tenancy.load import load_manifests

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
GUIDES = [
    "README.md",
    "deploy/README.md",
    "policies/README.md",
    "tests/README.md",
    "platform/ARCHITECTURE.md",
    "platform/DECISIONS.md",
    "platform/GLOSSARY.md",
    "platform/MEASUREMENTS.md",
]


def test_every_setting_stands_there_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (\S+(?: \S+)?) \|", README, re.MULTILINE))
    for name, field in Settings.model_fields.items():
        variable = str(field.validation_alias or f"CITYWIDE_{name.upper()}")
        default = "the checkout" if name == "home" else field.default
        expected = {None: "–", (): "–", "the checkout": "the checkout"}.get(default, f"`{default}`")
        assert rows.pop(variable) == expected
    assert rows == {}


def test_every_command_stands_there() -> None:
    table = README.partition("## Commands")[2].partition("## Configuration")[0]
    assert set(re.findall(r"^\| `citywide (\w+)", table, re.MULTILINE)) == set(COMMANDS)


def test_the_two_commands_stand_there_twice() -> None:
    for command in ("citywide up", "pytest"):
        assert README.count(f"python3 -m pip install uv && uv run {command} ") == 2


def test_the_demo_users_are_those_of_the_manifests() -> None:
    city = load_manifests(CHECKOUT / "tenants" / "yueqing")
    told = README.partition("## Signing in")[2].partition("## Asking")[0]
    for member in city.bureau.staff:
        tenant, _, place = member.subject.partition(".")
        assert f"`{tenant}." in told
        assert f".{place}`" in told
    workers = {
        agency.slug: sum(".worker" in member.subject for member in agency.staff)
        for agency in city.agencies
    }
    assert workers == {"shouqianshou": 13, "yijiaqin": 4, "yixin": 3}


@pytest.mark.parametrize("guide", GUIDES)
def test_every_link_leads_to_a_file(guide: str) -> None:
    text = (CHECKOUT / guide).read_text(encoding="utf-8")
    folder = Path(CHECKOUT / guide).parent
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    assert [link for link in links if not (folder / link).exists()] == []
