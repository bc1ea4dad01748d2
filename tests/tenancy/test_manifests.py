"""Manifests: the shipped ones are good, and whatever is wrong with one is said with its line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from citywide.errors import OperatorError
from citywide.settings import CHECKOUT
from citywide.tenancy.load import load_manifests
from citywide.tenancy.manifests import manifest_schema
from citywide.tenancy.reading import MANIFEST_BYTES

TENANTS = CHECKOUT / "tenants"
SHOUQIANSHOU = "agencies/shouqianshou.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped city, to be spoilt."""
    copy = tmp_path / "yueqing"
    shutil.copytree(TENANTS / "yueqing", copy, ignore=shutil.ignore_patterns("pilot"))
    for name in ("entitlement_categories.csv", "skills.csv"):
        shutil.copy(TENANTS / name, tmp_path)
    return copy


def replaced(folder: Path, file: str, old: str, new: str) -> int:
    """Replace the first `old` in the file; the line it stood on."""
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def refusal(folder: Path) -> str:
    """What the reader says."""
    with pytest.raises(OperatorError) as caught:
        load_manifests(folder)
    return str(caught.value)


def test_the_shipped_city_is_declared_as_the_pilot_had_it() -> None:
    city = load_manifests(TENANTS / "yueqing")
    assert [agency.slug for agency in city.agencies] == ["shouqianshou", "yijiaqin", "yixin"]
    assert len(city.areas) == 541
    assert len(city.categories) == 13
    workers = [
        member
        for member in city.agencies[0].staff
        if any(grant.role == "social_worker" for grant in member.roles)
    ]
    assert len(workers) == 13
    segments = city.agencies[0].typologies[0].segments
    assert [segment.sensitive for segment in segments] == [False] * 5 + [True]


def test_the_published_schema_is_the_models() -> None:
    published = json.loads((TENANTS / "manifest.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(published)
    assert published == manifest_schema()


@pytest.mark.parametrize(
    "name", ["bureau", "agencies/shouqianshou", "agencies/yijiaqin", "agencies/yixin"]
)
def test_the_published_schema_accepts_the_shipped_manifests(name: str) -> None:
    text = (TENANTS / "yueqing" / f"{name}.yaml").read_text(encoding="utf-8")
    # Editors see days as text.
    value = json.loads(json.dumps(YAML(typ="safe").load(text), default=str))
    schema = json.loads((TENANTS / "manifest.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(value)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("bureau.yaml", "office: ", "offices: ", "offices: there is no such key"),
        ("bureau.yaml", 'city: "330382"', "city: 330382", "put a number in quotes"),
        ("bureau.yaml", 'city: "330382"', 'city: "330399"', "no CITY with the code 330399"),
        ("bureau.yaml", "role: auditor", "role: president", "role: input should be 'officer'"),
        ("bureau.yaml", "bureau.budget", "bureau.officer", "is on the staff in"),
        ("bureau.yaml", "slug: yueqing", "slug: wenzhou", "must be the folder's name"),
        ("bureau.yaml", "agency: yixin", "agency: nobody", "There is no agency nobody"),
        ("bureau.yaml", "role: officer", "role: &o officer", "Anchors and aliases"),
        ("bureau.yaml", "name: 潘立行", "name: !!python/object:os.system 潘立行", "Tags"),
        ("bureau.yaml", "office: 优抚安置科", 'office: "优抚\\u0007科"', "must look like"),
        ("bureau.yaml", "replay_date: 2015-11-11", "replay_date: 2015-11-31", "neither a day"),
        (SHOUQIANSHOU, 'amount: "86000.00"', "amount: 86000.00", "write it in quotes"),
        (SHOUQIANSHOU, '"330382004001"', '"330382004999"', "has no area 330382004999"),
        (SHOUQIANSHOU, '"330382004001"', '"330382004"', "is not a COMMUNITY"),
        (SHOUQIANSHOU, "valid_until: 2015-12-01", "valid_until: 2014-12-01", "after valid_from"),
        (
            SHOUQIANSHOU,
            "valid_from: 2014-12-01\n        v",
            "valid_from: 2014-11-01\n        v",
            "begins before its agreement",
        ),
        (SHOUQIANSHOU, "code: settled", "code: vigorous", "The segment vigorous is listed twice"),
        (SHOUQIANSHOU, "quantity: 60", "quantity: -1", "greater than or equal to 0"),
        (
            "agencies/yixin.yaml",
            "valid_until: 2015-12-01",
            "valid_until: 2019-12-01",
            "does not exist during the whole agreement",
        ),
        ("areas.csv", "330382001,330382,TOWN", "330382001,330382,VILLAGE", "A level is one of"),
        ("areas.csv", "330382002,", "330382001,", "is listed twice"),
        ("areas.csv", "2011-01-01", "2011-1-1", "is not a day like"),
    ],
)
def test_a_mistake_is_reported_with_file_line_and_reason(
    folder: Path, file: str, old: str, new: str, said: str
) -> None:
    line = replaced(folder, file, old, new)
    text = refusal(folder)
    assert said in text
    assert any(f"yueqing/{file}:{near}:" in text for near in range(line, line + 4))


def test_all_problems_of_all_files_are_reported_at_once(folder: Path) -> None:
    replaced(folder, "bureau.yaml", "bureau.budget", "bureau.officer")
    replaced(folder, SHOUQIANSHOU, '"330382004001"', '"330382004999"')
    replaced(folder, "agencies/yixin.yaml", "slug: yixin", "slug: yixing")
    text = refusal(folder)
    assert "There are 6 problems; nothing was changed." in text
    for file in ("bureau.yaml", SHOUQIANSHOU, "agencies/yixin.yaml"):
        assert f"yueqing/{file}:" in text


def test_a_missing_file_is_a_problem_like_any_other(folder: Path) -> None:
    (folder / "bureau.yaml").unlink()
    assert "yueqing/bureau.yaml:1: The file cannot be read" in refusal(folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 200_000, "nested deeper than 12 levels"),
        ("a: &a [x]\nb: [*a, *a, *a]", "Anchors and aliases"),
        ("#" * (MANIFEST_BYTES + 1), "larger than 256 KiB"),
        ("a: 1\n---\nb: 2\n", "one document"),
        ("a: 1\na: 2\n", "a is written twice"),
        ("a: \x00\n", "not YAML"),
        ("[" + "1" * 5000 + "]", "mapping"),
        ("kind: " + "1" * 5000, "nor a whole number"),
        ("- x\n", "mapping"),
        ("", "mapping"),
    ],
)
def test_a_hostile_file_is_refused_quickly(folder: Path, text: str, said: str) -> None:
    (folder / "bureau.yaml").write_text(text, encoding="utf-8")
    assert said in refusal(folder)


def test_a_file_that_is_not_utf8_is_refused(folder: Path) -> None:
    (folder / "bureau.yaml").write_bytes("kind: bureau\nname: 乐清".encode("gb18030"))
    assert "yueqing/bureau.yaml:2: The file is not UTF-8." in refusal(folder)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=200))
def test_any_text_is_refused_with_a_sentence(folder: Path, text: str) -> None:
    (folder / "bureau.yaml").write_text(text, encoding="utf-8", errors="surrogatepass")
    assert "yueqing/bureau.yaml:" in refusal(folder)
