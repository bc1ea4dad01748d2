"""`citywide report` writes the files of a deployment, or says in a sentence why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Started
from cli.operators import citywide, refused


def test_the_files_of_an_agreement_are_written(started: Started, tmp_path: Path) -> None:
    chosen = ("--agreement", "优抚社工(2014)2号", "--out", tmp_path)
    result = citywide("report", "bureau.auditor", *chosen, "--data", started.data)
    assert (result.returncode, result.stderr) == (0, "")
    files = [tmp_path / f"优抚社工-2014-2号.{suffix}" for suffix in ("pdf", "xlsx")]
    assert result.stdout.splitlines() == [str(file) for file in files]
    assert [file.read_bytes()[:4] for file in files] == [b"%PDF", b"PK\x03\x04"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("bureau.auditr",), "Nobody is called bureau.auditr. Near it: bureau.auditor, "),
        (("bureau.auditor", "--agreement", "9"), "There is no agreement 9. There are "),
        (
            ("bureau.auditor", "--from", "2015-06-01", "--until", "2015-06-01"),
            "A period has --from and --until, and the first is before the second.",
        ),
        (("bureau.analyst",), "Your roles do not allow: "),
    ],
)
def test_a_report_that_cannot_be_made_is_told(
    started: Started, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    result = citywide("report", *arguments, "--out", tmp_path, "--data", started.data)
    assert refused(result).startswith(sentence)
    assert list(tmp_path.iterdir()) == []
