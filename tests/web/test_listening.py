"""A server opens a file for each connection it takes, or says before it starts that it cannot."""

from __future__ import annotations

import resource

import pytest

from citywide.errors import OperatorError
from citywide.web.listening import CONNECTIONS, OTHER_FILES, open_enough_files
from citywide.web.seats import SOCKETS

NEEDED = CONNECTIONS + SOCKETS + OTHER_FILES
UNBOUND = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("limits", "raised"),
    [
        ((1_024, NEEDED), (NEEDED, NEEDED)),
        ((1_024, UNBOUND), (NEEDED, UNBOUND)),
        ((NEEDED, NEEDED), None),
        ((NEEDED + 1, UNBOUND), None),
        ((UNBOUND, UNBOUND), None),
    ],
)
def test_as_many_files_may_be_opened_as_are_needed(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], raised: tuple[int, int] | None
) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, found: told.append(found))
    open_enough_files()
    assert told == [raised] * (raised is not None)


def test_a_system_that_does_not_let_it_open_as_many_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1_024, NEEDED - 1))
    with pytest.raises(OperatorError, match=rf"may open {NEEDED - 1} files.* needs {NEEDED}: "):
        open_enough_files()
