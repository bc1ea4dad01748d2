"""What a worker process is given."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from citywide.settings import Settings
from citywide.web import serve as serving
from cli.operators import free_port


class Granian:
    """A server that keeps what its workers would find in their environment."""

    given: dict[str, str]

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def on_startup(self, _: Any) -> None:
        pass

    def serve(self, **_: Any) -> None:
        type(self).given = dict(os.environ)


@pytest.mark.parametrize(
    ("owners", "told"),
    [
        ("postgresql://owner:the-owners-password@db.example/c", "postgresql://db.example/c"),
        ("postgresql://postgres@/c?host=%2Fdata", "postgresql:///c?host=%2Fdata"),
    ],
)
def test_a_worker_is_told_where_the_database_is_and_not_whose(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, owners: str, told: str
) -> None:
    for name in ("CITYWIDE_HOME", "CITYWIDE_DATA", "DATABASE_URL"):
        monkeypatch.setenv(name, "before")
    monkeypatch.setattr(serving, "_Server", Granian)
    settings = Settings(data=tmp_path)
    rules: Any = None
    serving.serve(
        settings,
        owners,
        rules,
        host="127.0.0.1",
        port=int(free_port()),
        workers=1,
        ready=lambda: None,
    )
    assert Granian.given["DATABASE_URL"] == told
