"""A server is told once to end, however often somebody presses Ctrl-C."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from citywide.web.serve import end_once

ENDING = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def _own_handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in ENDING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("first", ENDING)
@pytest.mark.parametrize("second", ENDING)
def test_a_signal_while_one_is_handled_does_nothing(
    first: signal.Signals, second: signal.Signals
) -> None:
    told = []

    def end() -> None:
        told.append("end")
        signal.raise_signal(second)

    end_once(end, ENDING)
    signal.raise_signal(first)
    signal.raise_signal(second)
    assert told == ["end"]
