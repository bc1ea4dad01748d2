"""Where things stand: what the folders hold, how long a module may be, what no file says."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

from citywide.settings import CHECKOUT

PACKAGE = CHECKOUT / "platform" / "citywide"
# A module that is longer is two modules; a revision of the database is written by a machine.
LONGEST_MODULE = 450
# Longer by a screen and a half, for the walk over an operation is one thing.
LONG_BUT_WHOLE: dict[str, int] = {}
FOLDERS = {"deploy", "platform", "policies", "schema", "tenants", "tests", ".ci"}
FILES = {".gitattributes", ".gitignore", "LICENSE", "README.md", "pyproject.toml"}
# Written in two parts, so that this file does not say them either.
HOSTS = [
    "pypi" + ".org",
    "files.python" + "hosted.org",
    "registry." + "npmjs.org",
    "npm" + "mirror",
]


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 -- git is found where it is installed
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
        text=True,
    )
    return [Path(name) for name in listed.stdout.split("\0") if name]


def modules() -> list[Path]:
    return [file for file in sorted(PACKAGE.rglob("*.py")) if "versions" not in file.parts]


def test_the_folder_of_the_package_is_no_package_itself() -> None:
    # It would stand before the standard library's `platform`.
    assert not (CHECKOUT / "platform" / "__init__.py").exists()


def test_the_top_holds_the_known_folders_and_files() -> None:
    if not (CHECKOUT / ".git").exists():
        pytest.skip("Not a checkout: what git tracks cannot be asked.")
    tops = {file.parts[0] for file in tracked()}
    assert tops <= FOLDERS | FILES
    assert tops >= {"platform", "policies", "schema", "tenants", "tests", "pyproject.toml"}


def test_no_module_is_too_long() -> None:
    lengths = {
        module.relative_to(PACKAGE).as_posix(): len(module.read_text(encoding="utf-8").splitlines())
        for module in modules()
    }
    too_long = {
        name: length
        for name, length in lengths.items()
        if length > LONG_BUT_WHOLE.get(name, LONGEST_MODULE)
    }
    assert too_long == {}
    assert not [name for name in LONG_BUT_WHOLE if lengths.get(name, 0) <= LONGEST_MODULE]


def test_every_module_says_in_one_paragraph_what_it_is() -> None:
    texts = {module: module.read_text(encoding="utf-8") for module in modules()}
    silent = [
        module.relative_to(PACKAGE).as_posix()
        for module, text in texts.items()
        if text and not ast.get_docstring(ast.parse(text))
    ]
    assert silent == []


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {module.parent for module in modules()}
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]


def test_no_file_names_a_host_of_packages() -> None:
    if not (CHECKOUT / ".git").exists():
        pytest.skip("Not a checkout: what git tracks cannot be asked.")
    naming = [
        file.as_posix()
        for file in tracked()
        if (CHECKOUT / file).is_file()
        and any(host in (CHECKOUT / file).read_text("utf-8", errors="replace") for host in HOSTS)
    ]
    assert naming == []
